// One work of Holdfast in a process of its own, as the product does it, with fsync, encryption and keyed ids:
//   node bench/holdfast-run.ts init|capture|restore|check|prune|list [--option VALUE ...]
// Prints one line of JSON: what it read and stored, and how long the main thread was kept from its events.
import { randomBytes, randomUUID } from "node:crypto";
import { open } from "node:fs/promises";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { parseArgs } from "node:util";
import type { RecoveryPoint } from "@holdfast/domain";
import { copyAllocated, createLocalImageFiles } from "@holdfast/engine";
import { Secret } from "@holdfast/kernel";
import type { ByteRange, Random } from "@holdfast/kernel";
import { createFileBlobStore, createRepository, openRepository } from "@holdfast/repository";
import { readRanges } from "./images.ts";
import { realClock as clock } from "./real-clock.ts";

const random: Random = { bytes: (n) => randomBytes(n), uuid: () => randomUUID(), fraction: () => Math.random() };
const services = { random, clock, passphrase: new Secret("a passphrase for the bench") };
type Points = Awaited<ReturnType<typeof openRepository>>;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    repository: { type: "string", default: "" },
    image: { type: "string", default: "" },
    ranges: { type: "string", default: "" },
    point: { type: "string", default: "" },
    base: { type: "string" },
    to: { type: "string", default: "" },
  },
});
type Figures = Readonly<Record<string, number>>;

async function imageOf(points: Points, pointId: string) {
  const image = (await points.findPoint(pointId))?.disks[0]?.image;
  if (image === undefined) throw new Error(`there is no point ${pointId}`);
  return image;
}

async function capture(points: Points): Promise<Figures> {
  await using file = await open(values.image, "r");
  const sizeBytes = (await file.stat()).size;
  const read = async ({ start, end }: ByteRange, { into }: { into?: Uint8Array } = {}): Promise<Uint8Array> => {
    const bytes = into ?? new Uint8Array(end - start);
    for (let done = 0; done < bytes.length;) {
      const { bytesRead } = await file.read(bytes, done, bytes.length - done, start + done);
      if (bytesRead === 0) throw new RangeError(`${values.image} ends before ${end}`);
      done += bytesRead;
    }
    return bytes;
  };
  const base = values.base === undefined ? {} : { base: await imageOf(points, values.base) };
  const ranges = await readRanges(values.ranges);
  const made = await points.captureDisk({ source: { sizeBytes, read }, ranges, ...base });
  // The bench has no more of a point than the repository looks at.
  const { image, storedBytes: stored } = made;
  const identity = { id: values.point, stampName: "bench", instance: { id: values.image } };
  const point = { ...identity, publishedAtMs: clock.now(), disks: [{ image, bytes: { stored } }] };
  await points.publishPoint(point as unknown as RecoveryPoint);
  return { readBytes: made.readBytes, storedBytes: made.storedBytes };
}

async function restore(points: Points): Promise<Figures> {
  const image = await imageOf(points, values.point);
  const disk = await points.openDisk(image);
  await using file = await createLocalImageFiles(random).create(values.to, image.sizeBytes);
  await copyAllocated(disk, (range, data) => file.write(range.start, data));
  await file.commit();
  return {};
}

async function check(points: Points): Promise<Figures> {
  const { readBytes, chunkCount, findings } = await points.check();
  if (findings.length > 0) throw new Error(`the check found damage: ${JSON.stringify(findings.slice(0, 5))}`);
  return { readBytes, chunkCount };
}

/** The space is asked for at once: no margin, in which the point could be brought back. */
async function prune(points: Points): Promise<Figures> {
  await points.deletePoints([values.point], { hasConsent: true });
  const { freedBytes, writtenBytes, deletedPacks, rewrittenPacks } = await points.prune({ graceRounds: 0 });
  return { freedBytes, writtenBytes, deletedPacks, rewrittenPacks };
}

async function list(points: Points): Promise<Figures> {
  const startedMs = performance.now();
  const { length: pointCount } = await points.listPoints();
  return { pointCount, listSeconds: (performance.now() - startedMs) / 1000 };
}

const works: Readonly<Record<string, (points: Points) => Promise<Figures>>> = { capture, restore, check, prune, list };

async function main(work: string): Promise<Figures> {
  const store = createFileBlobStore(values.repository, random);
  if (work === "init") {
    await createRepository(store, services);
    return {};
  }
  const toDo = works[work];
  if (toDo === undefined) throw new Error(`no such work: ${work}`);
  const startedMs = performance.now();
  await using points = await openRepository(store, services);
  const openSeconds = (performance.now() - startedMs) / 1000;
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const figures = await toDo(points);
  delay.disable();
  const [loopDelayP99Ms, loopDelayMaxMs] = [delay.percentile(99) / 1e6, delay.max / 1e6];
  return { ...figures, openSeconds, loopDelayP99Ms, loopDelayMaxMs };
}

console.log(JSON.stringify(await main(positionals[0] ?? "")));
