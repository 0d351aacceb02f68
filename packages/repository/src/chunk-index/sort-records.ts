import { closeSync, existsSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { invariant, KiB } from "@holdfast/kernel";
import { recordBytes } from "./index-record.ts";

const bucketCount = 256;
const bucketBufferBytes = recordBytes * Math.floor((64 * KiB) / recordBytes);
/** 53 bits of a number hold 32 bits of an id and the number of its record. */
const maxBucketRecords = 2 ** 21;

/**
 * Gathers more records than memory holds: by the first byte of their ids into files of a folder, which `sortedRecords` then
 * sorts one at a time. Ids are keyed hashes, so the files have about the same length; 500 million records fit.
 */
export interface RecordSorter {
  readonly count: number;
  /** Copies the record. */
  add(record: Buffer): void;
  /** Ends the files. Nothing can be added afterwards. */
  close(): void;
}

export function createRecordSorter(folder: string): RecordSorter {
  const buckets = Array.from({ length: bucketCount }, (_, i) => ({
    path: bucketPath(folder, i),
    file: -1,
    buffer: Buffer.alloc(0),
    used: 0,
  }));
  let count = 0;
  const flush = (bucket: (typeof buckets)[number]): void => {
    if (bucket.used === 0) return;
    if (bucket.file < 0) bucket.file = openSync(bucket.path, "wx", 0o600);
    for (let done = 0; done < bucket.used;) done += writeSync(bucket.file, bucket.buffer, done, bucket.used - done);
    bucket.used = 0;
  };
  return {
    get count() {
      return count;
    },
    add(record) {
      const bucket = buckets[record[0]!]!;
      if (bucket.buffer.length === 0) bucket.buffer = Buffer.alloc(bucketBufferBytes);
      record.copy(bucket.buffer, bucket.used, 0, recordBytes);
      bucket.used += recordBytes;
      count += 1;
      if (bucket.used === bucketBufferBytes) flush(bucket);
    },
    close() {
      for (const bucket of buckets) {
        flush(bucket);
        if (bucket.file >= 0) closeSync(bucket.file);
        bucket.file = -1;
        bucket.buffer = Buffer.alloc(0);
      }
    },
  };
}

/** Answers the records of a sorter's folder in order, in pieces, and removes its files on the way. */
export function* sortedRecords(folder: string): Generator<Buffer> {
  for (let i = 0; i < bucketCount; i += 1) {
    const path = bucketPath(folder, i);
    if (!existsSync(path)) continue;
    yield sortRecords(readFileSync(path));
    rmSync(path);
  }
}

function bucketPath(folder: string, bucket: number): string {
  return join(folder, `bucket-${bucket}`);
}

/** Sorts records whose ids begin with the same byte. */
export function sortRecords(records: Buffer): Buffer {
  const count = records.length / recordBytes;
  invariant(Number.isInteger(count) && count <= maxBucketRecords, `${records.length} bytes are no bucket of records`);
  const keys = new Float64Array(count);
  for (let i = 0; i < count; i += 1) keys[i] = records.readUInt32BE(i * recordBytes + 1) * maxBucketRecords + i;
  keys.sort();
  const order = Uint32Array.from(keys, (key) => key % maxBucketRecords);
  const compare = (a: number, b: number): number =>
    records.compare(records, b * recordBytes, b * recordBytes + 32, a * recordBytes, a * recordBytes + 32);
  // Few ids share their first five bytes: putting these right takes no time.
  for (let i = 1; i < count; i += 1)
    for (let at = i; at > 0 && compare(order[at - 1]!, order[at]!) > 0; at -= 1)
      [order[at - 1], order[at]] = [order[at]!, order[at - 1]!];
  const sorted = Buffer.allocUnsafe(records.length);
  for (let i = 0; i < count; i += 1)
    records.copy(sorted, i * recordBytes, order[i]! * recordBytes, (order[i]! + 1) * recordBytes);
  return sorted;
}
