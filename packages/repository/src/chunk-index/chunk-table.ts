import { invariant } from "@holdfast/kernel";
import type { ChunkEntry } from "../format/chunk-entry.ts";
import type { PackEntries } from "../format/index-object.ts";
import { createIdTable, rowsPerPage } from "./id-table.ts";

export interface ChunkPlace {
  readonly packId: string;
  readonly entry: ChunkEntry;
}

const wordsPerPlace = 5;
const compressedBit = 1;
const nodeBit = 2;

/**
 * Where chunks are, in about 62 bytes of memory a chunk. The chunks of a pack have consecutive rows, in the order of the
 * pack; so a set of chunks is a set of bits, and going through the rows goes through the packs.
 */
export interface ChunkTable {
  readonly rowCount: number;
  readonly packIds: readonly string[];
  /** Takes a pack in; one that is known already is left as it is. */
  add(pack: PackEntries): void;
  /** The row that was added last for a chunk; -1 where there is none. */
  rowOf(id: string): number;
  /** The row of an older copy of the same chunk; -1 where there is none. */
  rowBefore(row: number): number;
  placeAt(row: number): ChunkPlace;
  /** Parts of a place, for work that goes through very many rows: a place takes a string and two objects. */
  packIdAt(row: number): string;
  storedBytesAt(row: number): number;
  /** The rows of a pack: from the first up to but without the end; null where the pack is not known. */
  rowsOf(packId: string): { readonly first: number; readonly end: number } | null;
}

export function createChunkTable(): ChunkTable {
  const ids = createIdTable();
  const pages: Uint32Array[] = [];
  const packIds: string[] = [];
  const firstRows: number[] = [];
  const packNumbers = new Map<string, number>();
  const addEntry = (packNumber: number, entry: ChunkEntry): void => {
    const row = ids.add(entry.id);
    if (row % rowsPerPage === 0) pages.push(new Uint32Array(rowsPerPage * wordsPerPlace));
    const flags = (entry.isCompressed ? compressedBit : 0) | (entry.kind === "node" ? nodeBit : 0);
    const words = [packNumber, entry.offset, entry.storedBytes, entry.plainBytes, flags];
    pages[row >>> 16]!.set(words, (row & 0xffff) * wordsPerPlace);
  };
  const wordAt = (row: number, word: number): number => pages[row >>> 16]![(row & 0xffff) * wordsPerPlace + word]!;
  return {
    packIds,
    get rowCount() {
      return ids.size;
    },
    add({ packId, entries }) {
      if (packNumbers.has(packId)) return;
      const packNumber = packIds.length;
      packNumbers.set(packId, packNumber);
      packIds.push(packId);
      firstRows.push(ids.size);
      for (const entry of entries) addEntry(packNumber, entry);
    },
    rowOf: (id) => ids.rowOf(id),
    rowBefore: (row) => ids.rowBefore(row),
    placeAt(row) {
      invariant(row >= 0 && row < ids.size, `there is no row ${row}`);
      const at = (row & 0xffff) * wordsPerPlace;
      const words = pages[row >>> 16]!.subarray(at, at + wordsPerPlace);
      const [packNumber, offset, storedBytes, plainBytes, flags] = words as unknown as Words;
      const entry: ChunkEntry = {
        id: ids.idAt(row),
        offset,
        storedBytes,
        plainBytes,
        isCompressed: (flags & compressedBit) !== 0,
        kind: (flags & nodeBit) !== 0 ? "node" : "data",
        ordinal: row - firstRows[packNumber]!,
      };
      return { packId: packIds[packNumber]!, entry };
    },
    packIdAt: (row) => packIds[wordAt(row, 0)]!,
    storedBytesAt: (row) => wordAt(row, 2),
    rowsOf(packId) {
      const packNumber = packNumbers.get(packId);
      if (packNumber === undefined) return null;
      return { first: firstRows[packNumber]!, end: firstRows[packNumber + 1] ?? ids.size };
    },
  };
}

type Words = [number, number, number, number, number];
