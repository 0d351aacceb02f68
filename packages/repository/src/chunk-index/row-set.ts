/** A set of rows, one bit each. */
export interface RowSet {
  readonly size: number;
  has(row: number): boolean;
  /** Answers whether it was not there before. */
  add(row: number): boolean;
}

export function createRowSet(): RowSet {
  let words = new Uint32Array(1024);
  let size = 0;
  return {
    get size() {
      return size;
    },
    has: (row) => ((words[row >>> 5] ?? 0) & (1 << (row & 31))) !== 0,
    add(row) {
      if (row >>> 5 >= words.length) {
        const larger = new Uint32Array(Math.max(words.length * 2, (row >>> 5) + 1));
        larger.set(words);
        words = larger;
      }
      const bit = 1 << (row & 31);
      if ((words[row >>> 5]! & bit) !== 0) return false;
      words[row >>> 5]! |= bit;
      size += 1;
      return true;
    },
  };
}
