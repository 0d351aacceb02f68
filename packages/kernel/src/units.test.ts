import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { formatBytes, formatDuration } from "./units.ts";
import { Secret } from "./secret.ts";
import { HoldfastError, assertNever, hasErrorCode } from "./errors.ts";

test.each([
  [0, "0 B"],
  [1023, "1023 B"],
  [1024, "1.0 KiB"],
  [1.5 * 1024 ** 3, "1.5 GiB"],
  [700 * 1024 ** 2, "700 MiB"],
])("formatBytes(%s) is %s", (bytes, text) => expect(formatBytes(bytes)).toBe(text));

test.each([
  [850, "850 ms"],
  [12_340, "12.3 s"],
  [245_000, "4 min 05 s"],
  [7_380_000, "2 h 03 min"],
])("formatDuration(%s) is %s", (durationMs, text) => expect(formatDuration(durationMs)).toBe(text));

describe("Secret", () => {
  test("shows itself to reveal only", () => {
    const secret = new Secret("hunter2");
    const shown = [String(secret), JSON.stringify({ secret }), inspect({ secret }), `${secret}`].join();
    expect(shown).not.toContain("hunter2");
    expect(secret.reveal()).toBe("hunter2");
  });
});

describe("errors", () => {
  test("hasErrorCode finds a code anywhere in the chain of causes", () => {
    const inner = new HoldfastError({ code: "a.b.inner", message: "m", advice: "d" });
    const outer = new HoldfastError({ code: "a.b.outer", message: "m", advice: "d", cause: inner });
    expect([hasErrorCode(outer, "a.b.inner"), hasErrorCode(outer, "a.b.none"), hasErrorCode("text", "a")]).toEqual([
      true,
      false,
      false,
    ]);
  });

  test("assertNever is loud at run time", () => {
    expect(() => assertNever("surprise" as never)).toThrow("surprise");
  });
});
