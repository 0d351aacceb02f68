import { expect, test } from "vitest";
import { asksForLock, scratchLocation } from "./scratch-location.ts";

const bucket = "s3://backups/site?endpoint=https://s3.example.org&lock=compliance&lock-days=30";

test.each([
  ["/srv/holdfast", "none", "/srv/holdfast/x/o1"],
  ["https://a.blob.example.org/c/", "none", "https://a.blob.example.org/c/x/o1"],
  ["s3://backups", "none", "s3://backups/x/o1"],
  [bucket, "none", "s3://backups/site/x/o1?endpoint=https://s3.example.org"],
  [bucket, "one-day", "s3://backups/site/x/o1?endpoint=https://s3.example.org&lock=compliance&lock-days=1"],
] as const)("the scratch folder of %s with lock %s is %s", (location, lock, expected) => {
  expect(scratchLocation(location, "x/o1", lock)).toBe(expected);
});

test("only a location with a lock asks for one", () => {
  expect([bucket, "s3://backups", "/srv/lock=x"].map(asksForLock)).toEqual([true, false, false]);
});
