import type { ByteRange } from "@holdfast/kernel";
import type { GuestVolume } from "../nbd/nbd-export.ts";

const blockBytes = 64 * 1024;

/** What the bodies use of a volume, in memory and sparse. Counts flushes, and can be told to fail. */
export class MemoryVolume implements GuestVolume {
  readonly id: string;
  readonly sizeBytes: number;
  readonly #blocks = new Map<number, Buffer>();
  flushes = 0;
  failure: Error | undefined;

  constructor(id: string, sizeBytes: number) {
    this.id = id;
    this.sizeBytes = sizeBytes;
  }

  async read(offsetBytes: number, target: Uint8Array): Promise<void> {
    this.#check(offsetBytes, target.length);
    this.#eachPiece(offsetBytes, target.length, (block, within, from, length) => {
      const stored = this.#blocks.get(block);
      if (stored === undefined) target.fill(0, from, from + length);
      else target.set(stored.subarray(within, within + length), from);
    });
  }

  async write(offsetBytes: number, data: Uint8Array): Promise<void> {
    this.#check(offsetBytes, data.length);
    this.#store(offsetBytes, data);
  }

  async clear(range: ByteRange): Promise<void> {
    this.#check(range.start, range.end - range.start);
    this.#eachPiece(range.start, range.end - range.start, (block, within, _from, length) => {
      this.#blocks.get(block)?.fill(0, within, within + length);
    });
  }

  async flush(): Promise<void> {
    this.#check(0, 0);
    this.flushes += 1;
  }

  #store(offsetBytes: number, data: Uint8Array): void {
    this.#eachPiece(offsetBytes, data.length, (block, within, from, length) => {
      let stored = this.#blocks.get(block);
      if (stored === undefined) this.#blocks.set(block, (stored = Buffer.alloc(blockBytes)));
      stored.set(data.subarray(from, from + length), within);
    });
  }

  #check(offsetBytes: number, lengthBytes: number): void {
    if (this.failure !== undefined) throw this.failure;
    if (offsetBytes % 512 !== 0 || lengthBytes % 512 !== 0) throw new RangeError("not in pages of 512 bytes");
    if (offsetBytes < 0 || offsetBytes + lengthBytes > this.sizeBytes) throw new RangeError("outside the volume");
  }

  #eachPiece(
    offsetBytes: number,
    lengthBytes: number,
    visit: (block: number, within: number, from: number, length: number) => void,
  ): void {
    for (let done = 0; done < lengthBytes;) {
      const at = offsetBytes + done;
      const within = at % blockBytes;
      const length = Math.min(lengthBytes - done, blockBytes - within);
      visit(Math.floor(at / blockBytes), within, done, length);
      done += length;
    }
  }
}
