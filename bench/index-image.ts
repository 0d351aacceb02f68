/**
 * Measures how a repository with very many chunks opens: makes a synthetic index image and opens it in a fresh process.
 *
 * `node bench/index-image.ts [MILLIONS] [--in FOLDER]`: 100 million chunks take about two minutes and 5 GiB of disk.
 */
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { formatBytes } from "@holdfast/kernel";
import { openIndexImage } from "../packages/repository/src/chunk-index/index-image.ts";
import { recordBytes } from "../packages/repository/src/chunk-index/index-record.ts";
import { sortRecords } from "../packages/repository/src/chunk-index/sort-records.ts";
import { writeIndexImage } from "../packages/repository/src/chunk-index/write-index-image.ts";

const keys = { repositoryId: "bench", master: Buffer.alloc(32, 1) };
const chunksPerPack = 128;
const bucketCount = 256;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { in: { type: "string", default: tmpdir() }, open: { type: "string" } },
});
if (values.open === undefined) makeAndOpen(Number(positionals[0] ?? 100) * 1_000_000);
else openOnly(values.open);

function makeAndOpen(count: number): void {
  const folder = mkdtempSync(join(values.in, "holdfast-index-"));
  try {
    const path = join(folder, "image");
    const packIds = Array.from({ length: Math.ceil(count / chunksPerPack) }, () => randomBytes(16).toString("hex"));
    const before = performance.now();
    const content = { covers: ["index/synthetic"], recordCount: count, packIds, records: randomRecords(count) };
    writeIndexImage(path, keys, randomBytes(16), content);
    const seconds = ((performance.now() - before) / 1000).toFixed(1);
    process.stdout.write(`${count} chunks: image of ${formatBytes(statSync(path).size)} made in ${seconds} s\n`);
    process.stdout.write(execFileSync(process.execPath, [import.meta.filename, "--open", path]).toString());
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Random ids, in order; every record is of a whole chunk. */
function* randomRecords(count: number): Generator<Buffer> {
  let made = 0;
  for (let bucket = 0; bucket < bucketCount; bucket += 1) {
    const length = Math.min(Math.ceil(count / bucketCount), count - made);
    const records = randomBytes(length * recordBytes);
    for (let at = 0; at < records.length; at += recordBytes) {
      records[at] = bucket;
      records.writeUInt32BE((made + at / recordBytes) % Math.ceil(count / chunksPerPack), at + 32);
      records.writeUInt32BE(262_144, at + 44);
    }
    made += length;
    yield sortRecords(records);
  }
}

function openOnly(path: string): void {
  const before = performance.now();
  using image = openIndexImage(path, keys);
  const openMs = performance.now() - before;
  const ids = Array.from({ length: 100_000 }, () => randomBytes(32).toString("hex"));
  const missBefore = performance.now();
  for (const id of ids) image.findAll(id);
  const missMs = performance.now() - missBefore;
  const known: string[] = [];
  for (const block of image.records()) {
    known.push(block.toString("hex", 0, 32));
    if (known.length === 10_000) break;
  }
  const shuffled = known.toSorted((a, b) => (a.slice(20) < b.slice(20) ? -1 : 1));
  const hitBefore = performance.now();
  for (const id of shuffled) if (image.findAll(id).length === 0) throw new Error(`${id} is not found`);
  const hitMs = performance.now() - hitBefore;
  const peak = formatBytes(process.resourceUsage().maxRSS * 1024);
  const rates = [ids.length / missMs, shuffled.length / hitMs].map((perMs) => Math.round(perMs * 1000));
  process.stdout.write(
    `opened in ${openMs.toFixed(0)} ms; look-ups a second: ${rates[0]} of new chunks, ${rates[1]} of known ones; ` +
      `peak memory of the process ${peak}\n`,
  );
}
