import { invariant } from "@holdfast/kernel";

/** The spans of local time that retention counts in. A week begins on Monday and belongs to the year of its Thursday. */
export const periodKinds = ["hourly", "daily", "weekly", "monthly", "yearly"] as const;
export type PeriodKind = (typeof periodKinds)[number];

/** The name of the hour, day, week, month and year that an instant lies in. Two instants share a period where the names agree. */
export type Periods = Readonly<Record<PeriodKind, string>>;

const dayMs = 86_400_000;

/** Makes the calendar of a time zone (IANA name); raises RangeError where the zone is not known. */
export function createCalendar(timeZone: string): (instantMs: number) => Periods {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone,
    calendar: "iso8601",
    numberingSystem: "latn",
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    timeZoneName: "longOffset",
  });
  return (instantMs) => {
    invariant(Number.isSafeInteger(instantMs), "an instant is a whole number of milliseconds");
    const found = new Map(format.formatToParts(instantMs).map(({ type, value }) => [type, value]));
    const part = (name: Intl.DateTimeFormatPartTypes): string => found.get(name) ?? "";
    const monthly = `${part("year")}-${part("month")}`;
    const daily = `${monthly}-${part("day")}`;
    return {
      // The offset tells the two hours apart that have one name when summer time ends.
      hourly: `${daily}T${part("hour")} ${part("timeZoneName")}`,
      daily,
      weekly: weekOf(Number(part("year")), Number(part("month")), Number(part("day"))),
      monthly,
      yearly: part("year"),
    };
  };
}

/** ISO 8601 week of a date, such as `2026-W53`. */
function weekOf(year: number, month: number, day: number): string {
  const date = Date.UTC(year, month - 1, day);
  const daysAfterMonday = (Math.floor(date / dayMs) + 3) % 7;
  const thursday = date + (3 - ((daysAfterMonday + 7) % 7)) * dayMs;
  const weekYear = new Date(thursday).getUTCFullYear();
  const week = Math.floor((thursday - Date.UTC(weekYear, 0, 1)) / (7 * dayMs)) + 1;
  return `${weekYear}-W${String(week).padStart(2, "0")}`;
}
