import { invariant } from "@holdfast/kernel";

const wordsPerId = 8;
/** Rows of a page: 2 MiB of ids. Pages are added, never copied. */
export const rowsPerPage = 65_536;
const firstSlots = 1024;

/**
 * Ids of 32 bytes, each with a row number from 0 upwards, in about 42 bytes of memory; a Map of strings takes 200.
 *
 * Open addressing over row numbers. Ids are keyed hashes, so their first bytes are spread evenly and nobody outside can
 * choose them to collide.
 */
export interface IdTable {
  readonly size: number;
  /** The row that was added last for this id; -1 where there is none. */
  rowOf(id: string): number;
  /** The row that was added for the same id before this one; -1 where there is none. */
  rowBefore(row: number): number;
  /** Adds a row. An id that is there already gets another row, which `rowOf` answers from then on. */
  add(id: string): number;
  idAt(row: number): string;
}

export function createIdTable(): IdTable {
  const pages: Uint32Array[] = [];
  let slots = new Uint32Array(firstSlots);
  let size = 0;
  const words = new Uint32Array(wordsPerId);
  const bytes = Buffer.from(words.buffer);
  /** Few: two writers that raced for a chunk, or a chunk that was healed. */
  const before = new Map<number, number>();

  const isAt = (row: number): boolean => {
    const page = pages[row >>> 16]!;
    const at = (row & 0xffff) * wordsPerId;
    for (let i = 0; i < wordsPerId; i += 1) if (page[at + i] !== words[i]) return false;
    return true;
  };
  /** The slot of the id in `words`, or the free one where it belongs. A slot holds the row and one. */
  const slotOf = (): number => {
    const mask = slots.length - 1;
    let slot = words[0]! & mask;
    while (slots[slot] !== 0 && !isAt(slots[slot]! - 1)) slot = (slot + 1) & mask;
    return slot;
  };
  const grow = (): void => {
    const older = slots;
    slots = new Uint32Array(older.length * 2);
    const mask = slots.length - 1;
    for (const value of older) {
      if (value === 0) continue;
      const row = value - 1;
      let slot = pages[row >>> 16]![(row & 0xffff) * wordsPerId]! & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = value;
    }
  };
  return {
    get size() {
      return size;
    },
    rowOf(id) {
      readId(id, bytes);
      return slots[slotOf()]! - 1;
    },
    rowBefore: (row) => before.get(row) ?? -1,
    add(id) {
      if (size >= slots.length * 0.7) grow();
      readId(id, bytes);
      const row = size;
      size += 1;
      if (row % rowsPerPage === 0) pages.push(new Uint32Array(rowsPerPage * wordsPerId));
      const slot = slotOf();
      if (slots[slot] !== 0) before.set(row, slots[slot]! - 1);
      slots[slot] = row + 1;
      pages[row >>> 16]!.set(words, (row & 0xffff) * wordsPerId);
      return row;
    },
    idAt(row) {
      const page = pages[row >>> 16]!;
      const start = (row & 0xffff) * bytes.length;
      return Buffer.from(page.buffer, start, bytes.length).toString("hex");
    },
  };
}

function readId(id: string, bytes: Buffer): void {
  const length = bytes.write(id, "hex");
  invariant(length === bytes.length, `an id has ${length} bytes`);
}
