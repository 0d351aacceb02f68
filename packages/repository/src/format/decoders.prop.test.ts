import { HoldfastError, Secret } from "@holdfast/kernel";
import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeConfig } from "../config.ts";
import { parseRecoveryCode } from "../crypto/recovery-code.ts";
import { openObject } from "../crypto/sealed-object.ts";
import { decodeNode, emptyChildren, encodeNode } from "../tree/node.ts";
import { decodeEntries, encodeEntries } from "./chunk-entry.ts";
import type { ChunkEntry } from "./chunk-entry.ts";
import { decodeIndex, encodeIndex } from "./index-object.ts";
import { decodeTrailer, openDirectory } from "./pack.ts";

const key = Buffer.alloc(32, 3);
const entry: ChunkEntry = {
  id: "ab".repeat(32),
  offset: 24,
  storedBytes: 100,
  plainBytes: 200,
  isCompressed: true,
  kind: "data",
  ordinal: 0,
};
const children = emptyChildren().map((_, i) => (i % 9 === 0 ? "cd".repeat(32) : null));

/** Decoders of what a seal guards raise RangeError, which their callers name; those at the edge raise named errors. */
const decoders: Readonly<Record<string, { readonly decode: (bytes: Buffer) => unknown; readonly sample: Buffer }>> = {
  node: { decode: (bytes) => decodeNode(0, bytes), sample: encodeNode(0, children) },
  entries: { decode: decodeEntries, sample: encodeEntries([entry, entry]) },
  index: {
    decode: decodeIndex,
    sample: encodeIndex([{ packId: "ef".repeat(16), entries: [entry] }], ["00".repeat(16)]),
  },
  "pack trailer": {
    decode: (bytes) => decodeTrailer(bytes, 5000),
    sample: Buffer.from("00000010484650454e443031", "hex"),
  },
  "sealed object": {
    decode: (bytes) => openObject(key, "points/p", bytes, "repository.manifest.damaged"),
    sample: Buffer.from(`HFOBJ001${"x".repeat(60)}`),
  },
  config: {
    decode: decodeConfig,
    sample: Buffer.from(
      JSON.stringify({
        format: "holdfast-repository",
        version: 1,
        id: "5f0c9a36-6a1c-4e6b-9d7a-6f6f1f0e2c11",
        slots: [],
      }),
    ),
  },
  "recovery code": {
    decode: (bytes) => parseRecoveryCode(new Secret(bytes.toString("latin1"))),
    sample: Buffer.from(Array(14).fill("0123").join("-")),
  },
};

function raisedBy(decode: (bytes: Buffer) => unknown, bytes: Buffer): unknown {
  try {
    decode(bytes);
    return null;
  } catch (error) {
    return error;
  }
}

function expectTyped(raised: unknown): void {
  if (raised === null || raised instanceof RangeError) return;
  expect(raised).toBeInstanceOf(HoldfastError);
  expect(raised).toMatchObject({ kind: "failure" });
}

const mutation = fc.record({
  flips: fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 }),
  cut: fc.option(fc.nat()),
  tail: fc.uint8Array({ maxLength: 50 }),
});

for (const [name, { decode, sample }] of Object.entries(decoders)) {
  test(`random bytes as ${name} raise typed errors only`, () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => expectTyped(raisedBy(decode, Buffer.from(bytes)))),
      { numRuns: 500 },
    );
  });

  test(`a changed ${name} raises typed errors only`, () => {
    fc.assert(
      fc.property(mutation, ({ flips, cut, tail }) => {
        const bytes = Buffer.from(sample);
        for (const [at, value] of flips) bytes[at % bytes.length] = value;
        const end = cut === null ? bytes.length : cut % (bytes.length + 1);
        expectTyped(raisedBy(decode, Buffer.concat([bytes.subarray(0, end), tail])));
      }),
      { numRuns: 500 },
    );
  });
}

test("a directory under another key or pack raises, and never decodes", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      expect(() => openDirectory(key, "ef".repeat(16), Buffer.from(bytes))).toThrow();
    }),
  );
});
