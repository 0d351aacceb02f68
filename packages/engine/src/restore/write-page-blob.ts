import { encodeVhdFooter, vhdFooterBytes } from "@holdfast/domain";
import type { ByteRange, Clock, Random } from "@holdfast/kernel";
import {
  alignRanges,
  createSharedBuffers,
  createSlots,
  mapBounded,
  MiB,
  normalizeRanges,
  splitRanges,
  totalLength,
} from "@holdfast/kernel";
import type { StoredDisk } from "../ports/point-store.ts";
import type { PageSink } from "../ports/stamp.ts";

const largestWriteBytes = 4 * MiB;
/** Enough to keep four threads busy while others of them wait for a store or a network. */
const writesAtOnce = 12;
const pageBytes = 512;

/** Progress of a copy in bytes of the ranges that hold data. */
export type OnCopied = (doneBytes: number, totalBytes: number) => void;

/**
 * Writes a stored disk into a new, empty page blob: only what is not zero, then the VHD footer, so that a blob that was
 * cut short is no disk. `contentBytes` is the whole blob.
 */
export async function writePageBlob(
  disk: StoredDisk,
  sink: PageSink,
  options: {
    readonly contentBytes: number;
    readonly clock: Clock;
    readonly random: Random;
    readonly signal?: AbortSignal;
    readonly onCopied?: OnCopied;
  },
): Promise<void> {
  const { contentBytes, signal } = options;
  await copyAllocated(
    disk,
    async (range, data, writeSignal) => {
      const end = Math.ceil(data.length / pageBytes) * pageBytes;
      const padded = data.length === end ? data : new Uint8Array(end);
      if (padded !== data) padded.set(data);
      await sink.write(range.start, padded, { signal: writeSignal });
    },
    options,
  );
  const sizeBytes = contentBytes - vhdFooterBytes;
  const footer = encodeVhdFooter({
    sizeBytes,
    uniqueId: options.random.bytes(16),
    createdAtMs: options.clock.now(),
  });
  await sink.write(sizeBytes, footer, signal === undefined ? {} : { signal });
}

/** Reads what a stored disk holds in bounded parallel and hands out the pieces that are not all zero. Their memory is used again. */
export async function copyAllocated(
  disk: StoredDisk,
  write: (range: ByteRange, data: Uint8Array, signal: AbortSignal) => Promise<void>,
  options: { readonly signal?: AbortSignal; readonly onCopied?: OnCopied } = {},
): Promise<void> {
  const call = options.signal === undefined ? {} : { signal: options.signal };
  const listed: ByteRange[] = [];
  for await (const range of disk.listAllocated(call)) listed.push(range);
  const ranges = alignRanges(normalizeRanges(listed), pageBytes, disk.sizeBytes);
  const totalBytes = totalLength(ranges);
  let doneBytes = 0;
  const buffers = createSlots(createSharedBuffers(writesAtOnce, largestWriteBytes));
  await mapBounded(
    splitRanges(ranges, largestWriteBytes),
    async (range, { signal }) => {
      await buffers.with(async (buffer) => {
        const data = await disk.read(range, { signal, into: buffer.subarray(0, range.end - range.start) });
        if (!isZero(data)) await write(range, data, signal);
      });
      doneBytes += range.end - range.start;
      options.onCopied?.(doneBytes, totalBytes);
    },
    { limit: writesAtOnce, ...call },
  );
}

function isZero(data: Uint8Array): boolean {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return bytes.length === 0 || (bytes[0] === 0 && bytes.subarray(1).equals(bytes.subarray(0, -1)));
}
