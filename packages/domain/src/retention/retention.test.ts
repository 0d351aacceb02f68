import { describe, expect, test } from "vitest";
import { decideRetention, problemOfRetention } from "./decide-retention.ts";
import type { RetainedPoint } from "./decide-retention.ts";
import { createCalendar } from "./retention-periods.ts";
import { simulateRetention } from "./simulate-retention.ts";

const pointAt = (at: string, more: Partial<RetainedPoint> = {}): RetainedPoint => ({
  id: at,
  instanceKey: "web1",
  dataAtMs: Date.parse(at),
  isProven: false,
  holds: [],
  ...more,
});
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

describe("createCalendar", () => {
  test.each([
    ["2026-12-31T12:00:00Z", "2026-W53"],
    ["2027-01-01T12:00:00Z", "2026-W53"],
    ["2027-01-04T00:00:00Z", "2027-W01"],
    ["2024-12-30T00:00:00Z", "2025-W01"],
    ["1969-12-29T00:00:00Z", "1970-W01"],
    ["1969-12-28T23:00:00Z", "1969-W52"],
  ])("puts %s in week %s", (at, week) => {
    expect(createCalendar("UTC")(Date.parse(at)).weekly).toBe(week);
  });

  test("counts days of the zone, not of UTC", () => {
    const at = Date.parse("2026-06-30T23:30:00Z");
    expect(createCalendar("Europe/Berlin")(at)).toMatchObject({ daily: "2026-07-01", monthly: "2026-07" });
    expect(createCalendar("America/New_York")(at)).toMatchObject({ daily: "2026-06-30", monthly: "2026-06" });
  });

  test("tells the two hours apart that have one name when summer time ends", () => {
    const calendar = createCalendar("Europe/Berlin");
    const first = calendar(Date.parse("2026-10-25T00:30:00Z"));
    const second = calendar(Date.parse("2026-10-25T01:30:00Z"));
    expect([first.daily, second.daily]).toEqual(["2026-10-25", "2026-10-25"]);
    expect(first.hourly).not.toBe(second.hourly);
  });
});

describe("decideRetention", () => {
  test("keeps the newest point of each of the last days that have one, with every reason", () => {
    const points = ["2026-03-01T06:00:00Z", "2026-03-03T06:00:00Z", "2026-03-03T18:00:00Z", "2026-03-02T06:00:00Z"];
    const verdicts = decideRetention(
      points.map((at) => pointAt(at)),
      { daily: 2, monthly: 1, timeZone: "UTC" },
    );
    expect(verdicts.map(({ isKept }) => isKept)).toEqual([false, false, true, true]);
    expect(verdicts[2]?.reasons).toEqual([
      { kind: "daily", number: 1, period: "2026-03-03" },
      { kind: "monthly", number: 1, period: "2026-03" },
      { kind: "latest" },
    ]);
  });

  test("keeps what is held, the latest proven point and the latest, whatever the rules say", () => {
    const points = [
      pointAt("2020-01-01T00:00:00Z", { holds: ["audit 7"] }),
      pointAt("2021-01-01T00:00:00Z", { isProven: true }),
      pointAt("2022-01-01T00:00:00Z", { isProven: true }),
      pointAt("2023-01-01T00:00:00Z"),
      pointAt("2024-01-01T00:00:00Z", { instanceKey: "db1" }),
      pointAt("2024-01-02T00:00:00Z"),
    ];
    const kept = decideRetention(points, { last: 1, timeZone: "UTC" }).filter(({ isKept }) => isKept);
    expect(kept.map(({ id, reasons }) => [id.slice(0, 10), reasons.map(({ kind }) => kind)])).toEqual([
      ["2020-01-01", ["hold"]],
      ["2022-01-01", ["latest-proven"]],
      ["2024-01-01", ["last", "latest"]],
      ["2024-01-02", ["last", "latest"]],
    ]);
  });
});

test.each([
  [{ timeZone: "UTC" }, "no rule keeps anything"],
  [{ last: 0, daily: 0, timeZone: "UTC" }, "no rule keeps anything"],
  [{ last: 1.5, timeZone: "UTC" }, "last is 1.5, not a whole number of zero or more"],
  [{ daily: -1, timeZone: "UTC" }, "daily is -1, not a whole number of zero or more"],
  [{ daily: 1, timeZone: "Mars/Olympus" }, "there is no time zone Mars/Olympus"],
  [{ daily: 1, timeZone: "Europe/Berlin" }, null],
])("problemOfRetention judges %j", (rules, problem) => expect(problemOfRetention(rules)).toBe(problem));

test("simulateRetention arrives at the number of points that the rules add up to", () => {
  const firstAtMs = Date.parse("2026-01-01T00:00:00Z");
  const rules = { daily: 7, monthly: 12, yearly: 5, timeZone: "UTC" };
  const { captureCount, counts, mostKept, kept } = simulateRetention(rules, {
    firstAtMs,
    everyMs: 6 * hourMs,
    forMs: 3 * 365 * dayMs,
  });
  expect(captureCount).toBe(3 * 365 * 4 + 1);
  expect(counts.slice(0, 5).map((count) => count.kept)).toEqual([1, 1, 1, 1, 2]);
  const of = (kind: string): number =>
    kept.filter(({ reasons }) => reasons.some((reason) => reason.kind === kind)).length;
  // The last of 2026, 2027 and 2028; the three years end on the last day but one of 2028.
  expect([of("daily"), of("monthly"), of("yearly")]).toEqual([7, 12, 3]);
  // The newest point is a day's, a month's and a year's; beside the other days are eleven months and the ends of two years.
  expect(kept.length).toBe(7 + 11 + 2);
  expect(counts.at(-1)?.kept).toBe(kept.length);
  expect(mostKept).toBeLessThanOrEqual(7 + 12 + 5);
});
