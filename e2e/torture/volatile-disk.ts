/** A disk with a cache that forgets: what was written is certain only after a flush. */
export interface VolatileDisk {
  readonly sizeBytes: number;
  read(offset: number, length: number): Buffer;
  /** A write "through" is certain when it returns, as a flush of its own blocks. */
  write(offset: number, data: Buffer, options: { readonly isThrough: boolean }): void;
  flush(): void;
  /** Blocks written since the last flush. */
  readonly unflushedBlocks: number;
  /** The disk after a loss of power: what was flushed, and each other block as it was or as it was written. */
  cut(fraction: () => number): VolatileDisk;
}

const blockBytes = 4096;

export function createVolatileDisk(stable: Buffer): VolatileDisk {
  const current = Buffer.from(stable);
  const unflushed = new Set<number>();
  const keep = (block: number): void => {
    current.copy(stable, block * blockBytes, block * blockBytes, (block + 1) * blockBytes);
  };
  return {
    sizeBytes: stable.length,
    read: (offset, length) => current.subarray(offset, offset + length),
    write(offset, data, { isThrough }) {
      data.copy(current, offset);
      const end = Math.ceil((offset + data.length) / blockBytes);
      for (let block = Math.floor(offset / blockBytes); block < end; block += 1) {
        if (isThrough) {
          keep(block);
          unflushed.delete(block);
        } else unflushed.add(block);
      }
    },
    flush() {
      for (const block of unflushed) keep(block);
      unflushed.clear();
    },
    get unflushedBlocks() {
      return unflushed.size;
    },
    cut(fraction) {
      for (const block of unflushed) if (fraction() < 0.5) keep(block);
      unflushed.clear();
      return createVolatileDisk(Buffer.from(stable));
    },
  };
}
