import { InvalidArgumentError } from "commander";

const hourMs = 3_600_000;
/** A month is 30 days and a year 365: for spans of a simulation, not for a calendar. */
const unitsMs: Readonly<Record<string, number>> = {
  m: 60_000,
  h: hourMs,
  d: 24 * hourMs,
  w: 7 * 24 * hourMs,
  mo: 30 * 24 * hourMs,
  y: 365 * 24 * hourMs,
};

/** Reads `6h`, `30d` or `3y` into milliseconds; raises a usage error. */
export function parseDuration(typed: string): number {
  const found = /^(\d{1,6})(m|h|d|w|mo|y)$/.exec(typed.trim().toLowerCase());
  const durationMs = Number(found?.[1]) * (unitsMs[found?.[2] ?? ""] ?? Number.NaN);
  if (durationMs > 0) return durationMs;
  throw new InvalidArgumentError("Give a number and m, h, d, w, mo or y, such as 6h.");
}

/** Reads a whole number of zero or more; raises a usage error. */
export function parseCount(typed: string): number {
  if (/^\d{1,9}$/.test(typed.trim())) return Number(typed);
  throw new InvalidArgumentError("Give a whole number of zero or more.");
}
