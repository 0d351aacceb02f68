import { expect, test } from "vitest";
import { parseNumberUpTo, parsePercent, parseWholeUpTo } from "./number.ts";

test.each([
  [parsePercent, "0", 0],
  [parsePercent, "2.5", 2.5],
  [parsePercent, "100", 100],
  [parseNumberUpTo(8), "0.25", 0.25],
  [parseWholeUpTo(8), "8", 8],
] as const)("%o reads %s", (parse, typed, value) => {
  expect(parse(typed)).toBe(value);
});

test.each([
  [parsePercent, "100.1"],
  [parsePercent, "-1"],
  [parsePercent, "5%"],
  [parsePercent, ""],
  [parseNumberUpTo(8), "0"],
  [parseNumberUpTo(8), "9"],
  [parseWholeUpTo(8), "2.5"],
] as const)("%o refuses %j", (parse, typed) => {
  expect(() => parse(typed)).toThrow(/^Give /);
});
