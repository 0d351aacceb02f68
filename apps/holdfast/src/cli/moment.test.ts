import { expect, test } from "vitest";
import { momentAhead, momentBefore, parseMoment } from "./moment.ts";

test.each([
  ["2027-01-31", Date.UTC(2027, 0, 31)],
  ["2027-01-31T08:00Z", Date.UTC(2027, 0, 31, 8)],
  ["2027-01-31T08:00:30.5+02:00", Date.UTC(2027, 0, 31, 6, 0, 30, 500)],
])("reads %s as an instant", (typed, atMs) => {
  expect(parseMoment(typed)).toEqual({ kind: "at", atMs });
  expect([momentAhead(parseMoment(typed), 5), momentBefore(parseMoment(typed), atMs)]).toEqual([atMs, atMs]);
});

test("counts a span from now, ahead or back", () => {
  expect(momentAhead(parseMoment("2h"), 10_000_000)).toBe(17_200_000);
  expect(momentBefore(parseMoment("2h"), 10_000_000)).toBe(2_800_000);
});

test.each(["2027-02-30", "2027-01-31T08:00", "soon", "", "2027-13-01"])("refuses %s", (typed) => {
  expect(() => parseMoment(typed)).toThrow(expect.objectContaining({ name: "InvalidArgumentError" }));
});

test("refuses what is said to have been and is still to come, but for clocks that differ", () => {
  expect(momentBefore({ kind: "at", atMs: 300_000 }, 0)).toBe(300_000);
  expect(() => momentBefore({ kind: "at", atMs: 300_001 }, 0)).toThrow(
    expect.objectContaining({ code: "cli.usage.moment" }),
  );
});
