import { constants } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { open, rm } from "node:fs/promises";
import type { ByteRange } from "@holdfast/kernel";
import { PageMap } from "./page-map.ts";

/** Kind, start and end of one mark: little-endian u64s after a u8, then a u8 sum that tells a torn record. */
const recordBytes = 18;

function encodeMark(state: "written" | "cleared", range: ByteRange): Buffer {
  const record = Buffer.alloc(recordBytes);
  record.writeUInt8(state === "written" ? 1 : 2, 0);
  record.writeBigUInt64LE(BigInt(range.start), 1);
  record.writeBigUInt64LE(BigInt(range.end), 9);
  record.writeUInt8(
    record.subarray(0, 17).reduce((sum, byte) => (sum + byte) & 0xff, 7),
    17,
  );
  return record;
}

/** Takes the marks of a log up to the first record that is torn: what follows was never acknowledged. Answers where. */
function replayMarks(log: Buffer, map: PageMap): number {
  let at = 0;
  for (; at + recordBytes <= log.length; at += recordBytes) {
    const record = log.subarray(at, at + recordBytes);
    if (record.subarray(0, 17).reduce((sum, byte) => (sum + byte) & 0xff, 7) !== record[17]) return at;
    const range = { start: Number(record.readBigUInt64LE(1)), end: Number(record.readBigUInt64LE(9)) };
    map.mark(range, record[0] === 1 ? "written" : "cleared");
  }
  return at;
}

/**
 * One layer of a volume: a sparse data file in which each page stands at its own offset, and a log of which pages the
 * layer holds. A mark enters the log only after its data is down, so that the log never claims content that is not
 * there.
 */
export class VolumeLayer implements AsyncDisposable {
  readonly id: string;
  readonly map = new PageMap();
  readonly #paths: { readonly data: string; readonly log: string };
  readonly #data: FileHandle;
  readonly #log: FileHandle;
  readonly #isDurable: boolean;
  #pending: Buffer[] = [];
  #hasUnsyncedData = false;
  #flushing: Promise<void> | undefined;
  #nextFlush: Promise<void> | undefined;

  private constructor(
    id: string,
    paths: { readonly data: string; readonly log: string },
    handles: { readonly data: FileHandle; readonly log: FileHandle },
    isDurable: boolean,
  ) {
    this.id = id;
    this.#paths = paths;
    this.#data = handles.data;
    this.#log = handles.log;
    this.#isDurable = isDurable;
  }

  static async open(folder: string, id: string, isDurable: boolean): Promise<VolumeLayer> {
    const paths = { data: `${folder}/${id}.data`, log: `${folder}/${id}.log` };
    const flags = constants.O_RDWR | constants.O_CREAT;
    const data = await open(paths.data, flags, 0o600);
    const log = await open(paths.log, flags, 0o600);
    const layer = new VolumeLayer(id, paths, { data, log }, isDurable);
    const bytes = await log.readFile();
    layer.#logEnd = replayMarks(bytes, layer.map);
    // A torn record would hide every one after it.
    if (layer.#logEnd < bytes.length) await log.truncate(layer.#logEnd);
    return layer;
  }

  #logEnd = 0;

  async read(range: ByteRange, target: Uint8Array, at: number): Promise<void> {
    const length = range.end - range.start;
    const { bytesRead } = await this.#data.read(target, at, length, range.start);
    // Past the end of the file lie pages that were written as zeros or not at all.
    if (bytesRead < length) target.fill(0, at + bytesRead, at + length);
  }

  async write(offsetBytes: number, data: Uint8Array): Promise<void> {
    let done = 0;
    while (done < data.length) {
      const { bytesWritten } = await this.#data.write(data, done, data.length - done, offsetBytes + done);
      done += bytesWritten;
    }
    this.#hasUnsyncedData = true;
    this.#mark({ start: offsetBytes, end: offsetBytes + data.length }, "written");
  }

  clear(range: ByteRange): void {
    this.#mark(range, "cleared");
  }

  #mark(range: ByteRange, state: "written" | "cleared"): void {
    this.map.mark(range, state);
    this.#pending.push(encodeMark(state, range));
  }

  /** Data down, then marks down. Calls that arrive while one is under way share the next. */
  flush(): Promise<void> {
    if (this.#flushing === undefined) {
      this.#flushing = this.#flushOnce().finally(() => {
        this.#flushing = undefined;
      });
      return this.#flushing;
    }
    this.#nextFlush ??= this.#flushing
      .catch(() => undefined)
      .then(() => {
        this.#nextFlush = undefined;
        return this.flush();
      });
    return this.#nextFlush;
  }

  async #flushOnce(): Promise<void> {
    const records = Buffer.concat(this.#pending);
    const taken = this.#pending.length;
    if (taken === 0 && !this.#hasUnsyncedData) return;
    this.#hasUnsyncedData = false;
    if (this.#isDurable) await this.#data.datasync();
    await this.#log.write(records, 0, records.length, this.#logEnd);
    if (this.#isDurable) await this.#log.datasync();
    this.#logEnd += records.length;
    this.#pending = this.#pending.slice(taken);
  }

  /** Ends the layer and removes its files. */
  async remove(): Promise<void> {
    await this[Symbol.asyncDispose]();
    await rm(this.#paths.log, { force: true });
    await rm(this.#paths.data, { force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#data.close();
    await this.#log.close();
  }
}
