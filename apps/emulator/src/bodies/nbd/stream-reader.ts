import type { Readable } from "node:stream";

/** The stream ended in the middle of a message: the peer is gone. */
export class StreamEndedError extends Error {
  constructor() {
    super("the peer closed the stream in the middle of a message");
  }
}

/** Reads exact byte counts from a stream, pulling no more than it holds in its own buffer. One reader per stream. */
export class StreamReader {
  readonly #chunks: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(stream: Readable) {
    this.#chunks = stream.iterator({ destroyOnReturn: false });
  }

  /** Answers undefined at a clean end before the first byte. The buffer is the caller's own. */
  async read(lengthBytes: number): Promise<Buffer | undefined> {
    const target = Buffer.allocUnsafe(lengthBytes);
    let filled = 0;
    while (filled < lengthBytes) {
      if (this.#rest.length === 0) {
        const step = await this.#chunks.next();
        if (step.done === true) {
          if (filled === 0) return undefined;
          throw new StreamEndedError();
        }
        this.#rest = step.value;
      }
      const taken = this.#rest.copy(target, filled, 0, lengthBytes - filled);
      filled += taken;
      this.#rest = this.#rest.subarray(taken);
    }
    return target;
  }

  async readExactly(lengthBytes: number): Promise<Buffer> {
    const data = await this.read(lengthBytes);
    if (data === undefined) throw new StreamEndedError();
    return data;
  }
}
