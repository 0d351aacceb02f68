import { intersectRanges, normalizeRanges, subtractRanges } from "@holdfast/kernel";
import type { TimeSpan, Weekday, WorkCalendar } from "./work-calendar.ts";

const dayMs = 86_400_000;
/** How far ahead an opening is looked for: a window of one day a week, under a blackout of months, is still found. */
const horizonMs = 400 * dayMs;
const stepMs = 14 * dayMs;
const blockMs = 32 * dayMs;
const keptBlocks = 32;

/** The spans in which work may begin. */
export interface OpenTimes {
  isOpen(atMs: number): boolean;
  /** The open span that holds the instant, else the next one; null where none comes within 400 days. */
  next(atMs: number): TimeSpan | null;
  /** The whole of the open span that holds the instant, begun in the last 14 days or endlessly before; null where it is closed. */
  around(atMs: number): TimeSpan | null;
  /** All open spans between two instants, cut to them, in order. */
  list(fromMs: number, toMs: number): readonly TimeSpan[];
}

/**
 * Turns a calendar into instants. Where clocks go forward over a window's edge, the edge is the moment of the change; where
 * they go back, a window covers both of the hours that have one name. Raises RangeError where the time zone is not known.
 */
export function createOpenTimes(calendar: WorkCalendar): OpenTimes {
  const { timeZone, windows } = calendar;
  const blackouts = normalizeRanges(
    calendar.blackouts
      .filter(({ startMs, endMs }) => startMs < endMs)
      .map(({ startMs, endMs }) => ({ start: startMs, end: endMs })),
  );
  // The name of the zone is tried even where no window needs it.
  new Intl.DateTimeFormat("en-US", { timeZone });
  const spansOf = createBlocks((fromMs, toMs) => normalizeRanges(windowSpans(calendar, fromMs, toMs)));
  const list = (fromMs: number, toMs: number): readonly TimeSpan[] => {
    if (fromMs >= toMs) return [];
    const asked = [{ start: fromMs, end: toMs }];
    const open = windows.length === 0 ? asked : intersectRanges(normalizeRanges(spansOf(fromMs, toMs)), asked);
    return subtractRanges(open, blackouts);
  };
  const next = (atMs: number): TimeSpan | null => {
    for (let fromMs = atMs; fromMs < atMs + horizonMs; fromMs += stepMs) {
      const span = list(fromMs, fromMs + stepMs)[0];
      if (span !== undefined) return { start: span.start, end: endOf(span, list) };
    }
    return null;
  };
  const around = (atMs: number): TimeSpan | null => {
    const fromMs = atMs - stepMs;
    const span = list(fromMs, atMs + stepMs).find(({ start, end }) => start <= atMs && atMs < end);
    if (span === undefined) return null;
    return { start: span.start === fromMs ? -Infinity : span.start, end: span.end };
  };
  return { around, isOpen: (atMs) => list(atMs, atMs + 1).length > 0, next, list };
}

/** The real end of a span that the looking may have cut. */
function endOf(span: TimeSpan, list: OpenTimes["list"]): number {
  const rest = list(span.start, span.start + stepMs)[0];
  return rest?.end ?? span.end;
}

/** Keeps spans by blocks of time: a schedule asks for the same few days of the same few calendars all the time. */
function createBlocks(compute: (fromMs: number, toMs: number) => readonly TimeSpan[]) {
  const blocks = new Map<number, readonly TimeSpan[]>();
  return (fromMs: number, toMs: number): TimeSpan[] => {
    const spans: TimeSpan[] = [];
    for (let block = Math.floor(fromMs / blockMs); block * blockMs < toMs; block += 1) {
      const known = blocks.get(block) ?? compute(block * blockMs, (block + 1) * blockMs);
      if (blocks.size >= keptBlocks) blocks.clear();
      blocks.set(block, known);
      spans.push(...known);
    }
    return spans;
  };
}

function windowSpans({ timeZone, windows }: WorkCalendar, fromMs: number, toMs: number): TimeSpan[] {
  const spans: TimeSpan[] = [];
  const dateOf = (ms: number): Temporal.PlainDate =>
    Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(timeZone).toPlainDate();
  const last = dateOf(toMs);
  // A window of the day before may still be open.
  for (
    let date = dateOf(fromMs).subtract({ days: 1 });
    Temporal.PlainDate.compare(date, last) <= 0;
    date = date.add({ days: 1 })
  ) {
    for (const { days, from, to } of windows) {
      if (!days.includes(date.dayOfWeek as Weekday)) continue;
      const start = instantOf(date, from, { timeZone, isEnd: false });
      const end = instantOf(to > from ? date : date.add({ days: 1 }), to, { timeZone, isEnd: true });
      if (start < end) spans.push({ start, end });
    }
  }
  return spans;
}

function instantOf(
  date: Temporal.PlainDate,
  minutes: number,
  { timeZone, isEnd }: { readonly timeZone: string; readonly isEnd: boolean },
): number {
  const wanted = date.toPlainDateTime().add({ minutes });
  const early = wanted.toZonedDateTime(timeZone, { disambiguation: "earlier" });
  const late = wanted.toZonedDateTime(timeZone, { disambiguation: "later" });
  const isSkipped = !early.toPlainDateTime().equals(wanted);
  if (isSkipped) return early.getTimeZoneTransition("next")?.epochMilliseconds ?? late.epochMilliseconds;
  return (isEnd ? late : early).epochMilliseconds;
}
