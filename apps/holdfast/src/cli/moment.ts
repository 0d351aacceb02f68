import { formatInstant, HoldfastError } from "@holdfast/kernel";
import { InvalidArgumentError } from "commander";
import { parseDuration } from "./duration.ts";

/** A moment as typed: an instant, or a span from now. */
export type Moment =
  | { readonly kind: "at"; readonly atMs: number }
  | { readonly kind: "span"; readonly spanMs: number };

/** With a zone or as a day in UTC: a time without a zone would be another moment on another machine. */
const instant = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2}))?$/i;

/** Reads `2027-01-31`, `2027-01-31T08:00Z` or a span such as `90d`; raises a usage error. */
export function parseMoment(typed: string): Moment {
  const text = typed.trim();
  if (instant.test(text)) {
    const atMs = Date.parse(text);
    // Date.parse takes 31 February for 3 March.
    const isReal =
      Number.isFinite(atMs) && new Date(`${text.slice(0, 10)}Z`).toISOString().startsWith(text.slice(0, 10));
    if (isReal) return { kind: "at", atMs };
  }
  try {
    return { kind: "span", spanMs: parseDuration(text) };
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error;
    throw new InvalidArgumentError(
      "Give a day (2027-01-31), a time with its zone (2027-01-31T08:00Z), or a span (90d).",
    );
  }
}

/** The moment; a span counts from now on. */
export function momentAhead(moment: Moment, nowMs: number): number {
  return moment.kind === "at" ? moment.atMs : nowMs + moment.spanMs;
}

/** Clocks of two machines may differ by this and still be called right. */
const clockSlackMs = 5 * 60_000;

/** The moment; a span counts back from now. Raises `cli.usage.moment` for one that is still to come. */
export function momentBefore(moment: Moment, nowMs: number): number {
  const atMs = moment.kind === "at" ? moment.atMs : nowMs - moment.spanMs;
  if (atMs <= nowMs + clockSlackMs) return atMs;
  throw new HoldfastError({
    code: "cli.usage.moment",
    message: `${formatInstant(atMs)} is still to come, and what is entered has been`,
    advice: "Check the day and the zone, and the clock of this machine.",
  });
}
