import { expect, test } from "vitest";
import { parseS3Location } from "./s3-location.ts";

test("a bucket of Amazon's own needs nothing but its name", () => {
  expect(parseS3Location("s3://backups")).toEqual({
    bucket: "backups",
    prefix: "",
    endpoint: null,
    region: "us-east-1",
    isPathStyle: false,
    lock: null,
  });
});

test("an endpoint, a region, a folder and a lock are read", () => {
  const query = "endpoint=https://s3.example.org:9000&region=north-1&lock=compliance&lock-days=30";
  expect(parseS3Location(`s3://back.ups-1/site-1/repo/?${query}`)).toEqual({
    bucket: "back.ups-1",
    prefix: "site-1/repo/",
    endpoint: "https://s3.example.org:9000",
    region: "north-1",
    isPathStyle: true,
    lock: { mode: "compliance", days: 30 },
  });
  expect(parseS3Location("s3://backups?endpoint=https://s3.example.org&style=virtual").isPathStyle).toBe(false);
  expect(parseS3Location("s3://backups?endpoint=http://127.0.0.1:9").endpoint).toBe("http://127.0.0.1:9");
});

test.each([
  "s3:/backups",
  "https://backups",
  "s3://Ba",
  "s3://key:hush@backups",
  "s3://backups:9000/x",
  "s3://backups#hush",
  "s3://backups/a%20b",
  "s3://backups/a.b",
  "s3://backups?secret=hush",
  "s3://backups?region=a&region=b",
  "s3://backups?region=a/hush",
  "s3://backups?style=other",
  "s3://backups?endpoint=s3.example.org",
  "s3://backups?endpoint=http://s3.example.org",
  "s3://backups?endpoint=https://u:hush@s3.example.org",
  "s3://backups?endpoint=https://s3.example.org/path",
  "s3://backups?endpoint=https://s3.example.org/?x=hush",
  "s3://backups?lock=compliance",
  "s3://backups?lock-days=3",
  "s3://backups?lock=legal&lock-days=3",
  "s3://backups?lock=compliance&lock-days=0",
  "s3://backups?lock=compliance&lock-days=40000",
  "s3://backups?lock=compliance&lock-days=1e3",
])("%s is refused, and not shown", (location) => {
  let raised: unknown;
  try {
    parseS3Location(location);
  } catch (error) {
    raised = error;
  }
  expect(raised).toMatchObject({ code: "repository.location.invalid" });
  expect(String(raised)).not.toContain("hush");
});
