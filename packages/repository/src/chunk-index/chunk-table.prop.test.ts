import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { ChunkEntry } from "../format/chunk-entry.ts";
import { createChunkTable } from "./chunk-table.ts";
import { createIdTable } from "./id-table.ts";
import { createRowSet } from "./row-set.ts";

/** Few ids, of which some share their first bytes, so that slots are fought for. */
const id = fc
  .tuple(fc.constantFrom("00000000", "00000001", "000003ff"), fc.nat(40))
  .map(([first, last]) => first + last.toString(16).padStart(56, "0"));

test("an id table answers what a map of the last rows would", () => {
  fc.assert(
    fc.property(fc.array(id, { maxLength: 200 }), id, (added, other) => {
      const table = createIdTable();
      const model = new Map<string, number[]>();
      for (const [row, one] of added.entries()) {
        expect(table.add(one)).toBe(row);
        model.set(one, [...(model.get(one) ?? []), row]);
      }
      for (const one of [...added, other]) {
        const rows: number[] = [];
        for (let row = table.rowOf(one); row >= 0; row = table.rowBefore(row)) rows.unshift(row);
        expect(rows).toEqual(model.get(one) ?? []);
      }
      for (const [row, one] of added.entries()) expect(table.idAt(row)).toBe(one);
    }),
  );
});

test("an id table of several pages finds every id, and no other", () => {
  const table = createIdTable();
  const ids = Array.from({ length: 150_000 }, () => randomBytes(32).toString("hex"));
  for (const one of ids) table.add(one);
  expect(ids.every((one, row) => table.rowOf(one) === row && table.idAt(row) === one)).toBe(true);
  expect(table.rowOf(randomBytes(32).toString("hex"))).toBe(-1);
});

const entry = fc.record({
  id,
  offset: fc.nat(2 ** 25),
  storedBytes: fc.nat(300_000),
  plainBytes: fc.integer({ min: 1, max: 262_144 }),
  isCompressed: fc.boolean(),
  kind: fc.constantFrom("data" as const, "node" as const),
});

test("a chunk table gives back the places of every pack, in the order of the pack", () => {
  fc.assert(
    fc.property(fc.array(fc.array(entry, { maxLength: 8 }), { maxLength: 6 }), (packs) => {
      const table = createChunkTable();
      const made = packs.map((entries, i) => ({
        packId: `pack${i}`,
        entries: entries.map((one, ordinal): ChunkEntry => ({ ...one, ordinal })),
      }));
      for (const pack of [...made, ...made.slice(0, 1)]) table.add(pack);
      for (const { packId, entries } of made) {
        const { first, end } = table.rowsOf(packId)!;
        const places = Array.from({ length: end - first }, (_, i) => table.placeAt(first + i));
        expect(places).toEqual(entries.map((one) => ({ packId, entry: one })));
      }
      expect(table.rowCount).toBe(packs.flat().length);
      expect(table.rowsOf("another")).toBeNull();
    }),
  );
});

test("a row set holds what was added", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(200_000)), fc.nat(200_000), (rows, other) => {
      const set = createRowSet();
      const model = new Set<number>();
      for (const row of rows) {
        expect(set.add(row)).toBe(!model.has(row));
        model.add(row);
      }
      expect(set.size).toBe(model.size);
      for (const row of [...rows, other]) expect(set.has(row)).toBe(model.has(row));
    }),
  );
});
