import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { KiB } from "@holdfast/kernel";
import { SeededRandom } from "@holdfast/kernel/testing";
import { createFileBlobStore } from "../../blob-store/file-blob-store.ts";
import { captureAll, openKeyed, otherKeys, pointOf, readAll, sha256, strongRandom } from "../keyed-repository.ts";
import { below, createTally, seedOf } from "./harm-result.ts";
import type { HarmOptions, HarmResult } from "./harm-result.ts";

const copierFile = fileURLToPath(new URL("../crash-copier.ts", import.meta.url));
/** A copy of these points makes about 45 calls to its target. */
const callsToBreak = 60;
const pointCount = 3;

type Sums = ReadonlyMap<string, string>;

async function makeSource(folder: string, random: SeededRandom): Promise<Sums> {
  const source = await openKeyed(createFileBlobStore(folder, strongRandom));
  const sums = new Map<string, string>();
  const disk = Buffer.from(random.bytes(900 * KiB));
  let base;
  for (let i = 0; i < pointCount; i += 1) {
    base = await captureAll(source, disk, base);
    await source.publishPoint({ ...pointOf(`p${i}`, base), publishedAtMs: i });
    sums.set(`p${i}`, sha256(disk));
    Buffer.from(random.bytes(1000)).copy(disk, below(random, disk.length - 1000));
  }
  return sums;
}

/** Raises unless every point of the copy is whole and its check finds nothing. Answers how many there are. */
async function expectCopy(folder: string, sums: Sums): Promise<number> {
  const copy = await openKeyed(createFileBlobStore(folder, strongRandom), undefined, otherKeys);
  const points = await copy.listPoints();
  for (const { id, disks } of points)
    if (sha256(await readAll(copy, disks[0]!.image)) !== sums.get(id)) throw new Error(`copy ${id} has other bytes`);
  const { findings } = await copy.check();
  if (findings.length > 0) throw new Error(`the check finds ${JSON.stringify(findings)}`);
  return points.length;
}

/** Kills copies at calls to their target; each is done again until it ends, and must then have every point. */
export async function killCopiers({ seed, count }: HarmOptions): Promise<HarmResult> {
  const tally = createTally("killed copies", seed);
  const folder = await mkdtemp(join(tmpdir(), "holdfast-copies-"));
  try {
    const from = join(folder, "from");
    const sums = await makeSource(from, new SeededRandom(seed));
    let target = 0;
    for (let i = 0; i < count; i += 1) {
      const random = new SeededRandom(seedOf(seed, i));
      const to = join(folder, `to-${target}`);
      const [call, timing] = [below(random, callsToBreak), random.fraction() < 0.5 ? "before" : "after"];
      await tally.expect(`copy ${i}, killed ${timing} call ${call}`, async () => {
        const words = [copierFile, from, to, String(call), timing];
        const child = spawn(process.execPath, words, { stdio: ["ignore", "ignore", "inherit"] });
        await once(child, "exit");
        const found = await expectCopy(to, sums);
        tally.count(child.signalCode === "SIGKILL" ? `killed ${timing} a call to the target` : "came to their end");
        if (child.signalCode === "SIGKILL") return;
        if (child.exitCode !== 0) throw new Error(`the copy ended with ${child.exitCode}`);
        if (found !== pointCount) throw new Error(`${found} of ${pointCount} points were copied`);
        target += 1;
      });
    }
    return tally.result();
  } finally {
    await rm(folder, { recursive: true });
  }
}
