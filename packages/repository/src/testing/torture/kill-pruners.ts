import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { SeededRandom } from "@holdfast/kernel/testing";
import { createFileBlobStore } from "../../blob-store/file-blob-store.ts";
import { openKeyed, strongRandom } from "../keyed-repository.ts";
import { publishDisk, readPoint } from "../prune-world.ts";
import { below, createTally, seedOf } from "./harm-result.ts";
import type { HarmOptions, HarmResult } from "./harm-result.ts";

const prunerFile = fileURLToPath(new URL("../crash-pruner.ts", import.meta.url));
/** A prune of this repository makes about 60 calls, the later ones fewer. */
const callsToBreak = 80;
const deleted = ["p0", "p2"];

/** What each point's chunks hold. Every pack keeps some chunks that are needed, and has some that are not. */
const disks: Readonly<Record<string, readonly number[]>> = {
  p0: [1, 2, 3, 4, 5, 6],
  p1: [1, 2, 13, 14, 15, 6],
  p2: [1, 22, 23, 14, 25, 6],
  p3: [1, 22, 33, 14, 35, 36],
};

async function makeTemplate(folder: string): Promise<void> {
  await using points = await openKeyed(createFileBlobStore(folder, strongRandom));
  for (const [id, values] of Object.entries(disks)) await publishDisk(points, id, values);
}

/** Raises unless every point that nobody deleted is whole and the check finds nothing; no point may hold other bytes. */
async function expectKept(folder: string): Promise<void> {
  await using points = await openKeyed(createFileBlobStore(folder, strongRandom));
  for (const [id, values] of Object.entries(disks)) {
    const found = await readPoint(points, id);
    if (found === null && deleted.includes(id)) continue;
    if (JSON.stringify(found) !== JSON.stringify(values)) throw new Error(`point ${id} holds ${JSON.stringify(found)}`);
  }
  const { findings } = await points.check();
  if (findings.length > 0) throw new Error(`the check finds ${JSON.stringify(findings)}`);
}

/**
 * Deletes points of a folder and prunes it without a margin, in a process of its own; `onStart` is given what kills it.
 * Raises where it fails by itself.
 */
export async function runPruner(
  folder: string,
  pointIds: readonly string[],
  onStart: (kill: () => void) => void,
): Promise<void> {
  const words = [prunerFile, folder, pointIds.join(","), String(Number.MAX_SAFE_INTEGER), "after"];
  const child = spawn(process.execPath, words, { stdio: ["ignore", "ignore", "inherit"] });
  onStart(() => void child.kill("SIGKILL"));
  const [code] = (await once(child, "exit")) as [number | null];
  if (code !== null && code !== 0) throw new Error(`the prune ended with ${code}`);
}

/** Kills prunes at calls to their store, one after the other on one repository until one comes to its end. */
export async function killPruners({ seed, count }: HarmOptions): Promise<HarmResult> {
  const tally = createTally("killed prunes", seed);
  const folder = await mkdtemp(join(tmpdir(), "holdfast-prunes-"));
  try {
    const template = join(folder, "template");
    await makeTemplate(template);
    let repository = "";
    for (let i = 0; i < count; i += 1) {
      const random = new SeededRandom(seedOf(seed, i));
      if (repository === "") {
        repository = join(folder, `repository-${i}`);
        await cp(template, repository, { recursive: true });
      }
      const [call, timing] = [below(random, callsToBreak), random.fraction() < 0.5 ? "before" : "after"];
      await tally.expect(`prune ${i}, killed ${timing} call ${call}`, async () => {
        const words = [prunerFile, repository, deleted.join(","), String(call), timing];
        const child = spawn(process.execPath, words, { stdio: ["ignore", "ignore", "inherit"] });
        await once(child, "exit");
        await expectKept(repository);
        tally.count(child.signalCode === "SIGKILL" ? `killed ${timing} a call` : "came to their end");
        if (child.signalCode === "SIGKILL") return;
        repository = "";
        if (child.exitCode !== 0) throw new Error(`the prune ended with ${child.exitCode}`);
      });
    }
    return tally.result();
  } finally {
    await rm(folder, { recursive: true });
  }
}
