import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { SeededRandom } from "@holdfast/kernel/testing";
import { createFileBlobStore } from "../../blob-store/file-blob-store.ts";
import { openKeyed, readAll, sha256, strongRandom } from "../keyed-repository.ts";
import { below, createTally, seedOf } from "./harm-result.ts";
import type { HarmOptions, HarmResult } from "./harm-result.ts";

const writerFile = fileURLToPath(new URL("../crash-writer.ts", import.meta.url));

/** When a writer ends: some time after a line that it says, or by its own hand before or after a call to its store. */
export type Death =
  | { readonly after: "ready" | "published"; readonly delayMs: number }
  | { readonly call: number; readonly timing: "before" | "after" };

/** A writer's end, and the points that it said are published, with the SHA-256 of their disks. */
export interface Life {
  readonly published: ReadonlyMap<string, string>;
  readonly signal: NodeJS.Signals | null;
}

export interface WriterOptions {
  readonly death?: Death;
  readonly onStart?: (kill: () => void) => void;
  readonly onLine?: (line: string, kill: () => void) => void;
}

/**
 * Starts a writer that captures to a folder until it is killed. Points are named after `run`. `onLine` is called as it
 * says that it is ready, and with each point that it published.
 */
export async function runWriter(folder: string, run: string, { death, onLine, onStart }: WriterOptions): Promise<Life> {
  const suicide = death !== undefined && "call" in death ? [String(death.call), death.timing] : [];
  const child = spawn(process.execPath, [writerFile, folder, run, ...suicide], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const kill = (): void => void child.kill("SIGKILL");
  onStart?.(kill);
  const published = new Map<string, string>();
  let timer: NodeJS.Timeout | undefined;
  for await (const line of createInterface({ input: child.stdout })) {
    const [id = "", sum] = line.split(" ");
    if (sum !== undefined) published.set(id, sum);
    onLine?.(line, kill);
    if (death !== undefined && "after" in death && death.after === (sum === undefined ? "ready" : "published"))
      timer ??= setTimeout(kill, death.delayMs);
  }
  clearTimeout(timer);
  if (child.signalCode === null && child.exitCode === null) await once(child, "exit");
  return { published, signal: child.signalCode };
}

/** Raises unless every point is there and reads as it was written, and the check finds nothing. */
export async function expectWhole(folder: string, published: ReadonlyMap<string, string>): Promise<void> {
  const points = await openKeyed(createFileBlobStore(folder, strongRandom));
  const images = new Map((await points.listPoints()).map(({ id, disks }) => [id, disks[0]!.image]));
  for (const [id, sum] of published) {
    const image = images.get(id);
    if (image === undefined) throw new Error(`point ${id} was acknowledged and is gone`);
    if (sha256(await readAll(points, image)) !== sum) throw new Error(`point ${id} has other bytes`);
  }
  const { findings } = await points.check();
  if (findings.length > 0) throw new Error(`the check finds ${JSON.stringify(findings)}`);
}

/** A capture makes about 20 calls; the first of a repository some more. */
const callsToBreak = 60;

/** By turns: at each call to the store, as a writer begins, and in the short captures after that. */
function deathOf(random: SeededRandom, index: number): Death {
  if (index % 3 === 0) return { after: "ready", delayMs: random.fraction() * 250 };
  if (index % 3 === 1) return { after: "published", delayMs: random.fraction() * 50 };
  return { call: below(random, callsToBreak), timing: random.fraction() < 0.5 ? "before" : "after" };
}

/** Kills writers on one repository of files, one after the other, and looks at all of it after each. */
export async function killWriters({ seed, count }: HarmOptions): Promise<HarmResult> {
  const tally = createTally("killed writers", seed);
  const folder = await mkdtemp(join(tmpdir(), "holdfast-kill-"));
  const published = new Map<string, string>();
  try {
    for (let i = 0; i < count; i += 1) {
      // Reading all points after each kill would take longer and longer.
      const repository = join(folder, `repository-${Math.floor(i / 30)}`);
      if (i % 30 === 0) published.clear();
      const death = deathOf(new SeededRandom(seedOf(seed, i)), i);
      await tally.expect(`kill ${i}, ${JSON.stringify(death)}`, async () => {
        const life = await runWriter(repository, `r${i}`, { death });
        if (life.signal !== "SIGKILL") throw new Error("the writer ended by itself");
        for (const [id, sum] of life.published) published.set(id, sum);
        await expectWhole(repository, published);
        tally.count("after" in death ? `after ${death.after}` : `${death.timing} a call to the store`);
      });
    }
    return tally.result();
  } finally {
    await rm(folder, { recursive: true });
  }
}
