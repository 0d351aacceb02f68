/**
 * Measures the repository on images of disks: full capture, incremental, restore and check, each with fsync.
 *
 * `node bench/capture-file.ts IMAGE [--ranges FILE] [--next IMAGE2 --changed FILE] [--in FOLDER]`. A ranges file is JSON:
 * `{"ranges": [[offset, length], ...]}`. The repository is made in a new folder of the temporary files and removed.
 */
import { execFileSync } from "node:child_process";
import { createHash, randomBytes, randomUUID } from "node:crypto";
import { mkdtemp, open, readFile, rm } from "node:fs/promises";
import { availableParallelism, cpus, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { DiskImage, RecoveryPoint } from "@holdfast/domain";
import { copyAllocated, createLocalImageFiles } from "@holdfast/engine";
import { formatBytes, MiB, Secret, totalLength } from "@holdfast/kernel";
import type { ByteRange, Random } from "@holdfast/kernel";
import { createFileBlobStore, createRepository, openRepository } from "@holdfast/repository";
import { realClock as clock } from "./real-clock.ts";

const random: Random = { bytes: (n) => randomBytes(n), uuid: () => randomUUID(), fraction: () => 0 };
const passphrase = new Secret("a passphrase for the bench");
type Points = Awaited<ReturnType<typeof openRepository>>;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    ranges: { type: "string" },
    next: { type: "string" },
    changed: { type: "string" },
    in: { type: "string", default: tmpdir() },
  },
});
const [image] = positionals;
if (image === undefined || (values.next === undefined) !== (values.changed === undefined)) {
  process.stderr.write("usage: node bench/capture-file.ts IMAGE [--ranges FILE] [--next IMAGE2 --changed FILE]\n");
  process.exitCode = 2;
} else await bench(image);

async function bench(first: string): Promise<void> {
  const commit = execFileSync("git", ["describe", "--always", "--dirty"], { encoding: "utf8" }).trim();
  const machine = `${cpus()[0]?.model}, ${availableParallelism()} cores, ${formatBytes(totalmem())}`;
  process.stdout.write(`${machine}; Node ${process.version}; commit ${commit}\n`);
  const folder = await mkdtemp(join(values.in, "holdfast-bench-"));
  try {
    const store = createFileBlobStore(join(folder, "repository"), random);
    await createRepository(store, { passphrase, random, clock });
    await using points = await openRepository(store, { passphrase, random, clock });
    let last = await capture(points, "full capture", { path: first, rangesFile: values.ranges });
    const { next, changed } = values;
    if (next !== undefined)
      last = await capture(points, "incremental", { path: next, rangesFile: changed, base: last });
    await restore(points, last, { to: join(folder, "restored.raw"), original: next ?? first });
    const checked = await measure("check", async () => {
      const report = await points.check();
      return { bytes: report.readBytes, note: `${report.findings.length} findings in ${report.chunkCount} chunks` };
    });
    if (!checked.note.startsWith("0 findings")) process.exitCode = 1;
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function measure<T extends { bytes: number; note: string }>(name: string, work: () => Promise<T>): Promise<T> {
  const before = performance.now();
  const cpuBefore = process.cpuUsage();
  const done = await work();
  const seconds = (performance.now() - before) / 1000;
  const cpu = process.cpuUsage(cpuBefore);
  const rate = (done.bytes / MiB / seconds).toFixed(0);
  const peak = formatBytes(process.resourceUsage().maxRSS * 1024);
  const cpuSeconds = `${(cpu.user / 1e6).toFixed(1)}+${(cpu.system / 1e6).toFixed(1)}`;
  const figures = [
    `${seconds.toFixed(2)} s`,
    `CPU ${cpuSeconds} s`,
    `${formatBytes(done.bytes)} read`,
    `${rate} MiB/s`,
    `peak RSS ${peak}`,
  ];
  process.stdout.write(`${name.padEnd(13)} ${figures.join("  ")}  ${done.note}\n`);
  return done;
}

async function capture(
  points: Points,
  name: string,
  { path, rangesFile, base }: { path: string; rangesFile: string | undefined; base?: DiskImage },
): Promise<DiskImage> {
  await using file = await open(path, "r");
  const sizeBytes = (await file.stat()).size;
  const ranges = rangesFile === undefined ? [{ start: 0, end: sizeBytes }] : await readRanges(rangesFile);
  const read = async ({ start, end }: ByteRange, { into }: { into?: Uint8Array } = {}): Promise<Uint8Array> => {
    const bytes = into ?? new Uint8Array(end - start);
    for (let done = 0; done < bytes.length;) {
      const { bytesRead } = await file.read(bytes, done, bytes.length - done, start + done);
      if (bytesRead === 0) throw new RangeError(`${path} ends before ${end}`);
      done += bytesRead;
    }
    return bytes;
  };
  const { image } = await measure(name, async () => {
    const input = { source: { sizeBytes, read }, ranges, ...(base === undefined ? {} : { base }) };
    const made = await points.captureDisk(input);
    // The bench has no more of a point than its disk.
    const point = { id: random.uuid(), publishedAtMs: clock.now(), disks: [{ image: made.image }] };
    await points.publishPoint(point as unknown as RecoveryPoint);
    const asked = formatBytes(totalLength(ranges));
    return {
      bytes: made.readBytes,
      note: `${asked} asked, ${formatBytes(made.storedBytes)} stored`,
      image: made.image,
    };
  });
  return image;
}

async function readRanges(path: string): Promise<ByteRange[]> {
  const { ranges } = JSON.parse(await readFile(path, "utf8")) as { ranges: [number, number][] };
  return ranges.map(([start, length]) => ({ start, end: start + length }));
}

async function restore(points: Points, image: DiskImage, { to, original }: { to: string; original: string }) {
  await measure("restore", async () => {
    const disk = await points.openDisk(image);
    await using file = await createLocalImageFiles(random).create(to, image.sizeBytes);
    let bytes = 0;
    await copyAllocated(disk, (range, data) => file.write(range.start, data), { onCopied: (done) => (bytes = done) });
    await file.commit();
    return { bytes, note: "written to a file" };
  });
  const [a, b] = [await digest(to), await digest(original)];
  process.stdout.write(`the restored disk ${a === b ? "equals" : "DIFFERS from"} the original, sha256 ${a}\n`);
  if (a !== b) process.exitCode = 1;
}

async function digest(path: string): Promise<string> {
  const hash = createHash("sha256");
  await using file = await open(path, "r");
  for await (const bytes of file.createReadStream({ autoClose: false, highWaterMark: 4 * MiB }))
    hash.update(bytes as Buffer);
  return hash.digest("hex");
}
