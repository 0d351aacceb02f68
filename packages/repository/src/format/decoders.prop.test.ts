import { SeededRandom } from "@holdfast/kernel/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeAnything, decoders, mutate } from "../testing/torture/fuzz-decoders.ts";
import { openDirectory } from "./pack.ts";

for (const [name, decoder] of Object.entries(decoders)) {
  test(`random bytes as ${name} raise typed errors only`, () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => decodeAnything(decoder, Buffer.from(bytes))),
      { numRuns: 500 },
    );
  });

  test(`a changed ${name} raises typed errors only`, () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => decodeAnything(decoder, mutate(new SeededRandom(seed), decoder.sample))),
      { numRuns: 500 },
    );
  });
}

test("a directory under another key or pack raises, and never decodes", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      expect(() => openDirectory(Buffer.alloc(32, 3), "ef".repeat(16), Buffer.from(bytes))).toThrow();
    }),
  );
});
