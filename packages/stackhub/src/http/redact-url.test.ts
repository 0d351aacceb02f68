import { expect, test } from "vitest";
import { redactUrl } from "./redact-url.ts";

test.each([
  [
    "https://a.blob.x/c/d.vhd?sv=1&sr=b&sig=abc%2F&comp=page",
    "https://a.blob.x/c/d.vhd?sv=[redacted]&sr=[redacted]&sig=[redacted]&comp=page",
  ],
  ["https://user:pw@host/p#frag", "https://host/p"],
  ["https://m/x?api-version=2019-07-01", "https://m/x?api-version=2019-07-01"],
  ["not an address sig=abc", "[address that cannot be read]"],
])("redactUrl(%s) is %s", (address, expected) => {
  expect(redactUrl(address)).toBe(expected);
});
