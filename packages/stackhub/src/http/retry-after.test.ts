import { expect, test } from "vitest";
import { readRetryAfter } from "./retry-after.ts";

const now = Date.UTC(2026, 0, 1);

test.each([
  ["0", 0],
  ["12", 12_000],
  ["Thu, 01 Jan 2026 00:00:30 GMT", 30_000],
  ["Wed, 31 Dec 2025 00:00:00 GMT", 0],
  ["-5", null],
  ["soon", null],
  ["", null],
  [undefined, null],
])("readRetryAfter reads %j as %j", (header, expected) => {
  expect(readRetryAfter(header, now)).toBe(expected);
});
