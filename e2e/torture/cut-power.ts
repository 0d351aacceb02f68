import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { createTally, expectWhole, runPruner, runWriter, seedOf, SeededRandom } from "@holdfast/repository/torture";
import type { HarmOptions, HarmResult } from "@holdfast/repository/torture";
import { mountDisk } from "./mounted-disk.ts";
import type { MountedDisk } from "./mounted-disk.ts";

/** A file system is written by so many writers before an empty one takes its place; its journal is replayed as often. */
const cutsOfOneDisk = 4;
const catalogWorker = join(import.meta.dirname, "../../packages/catalog/src/testing/catalog-worker.ts");

/** Something that writes to the disk until the power goes, and what must be true when it is back. */
interface Victim {
  /** Calls `arm` when the moment is to be chosen, and ends when the writer was killed by what `arm` was given. */
  write(root: string, run: string, cut: Cut): Promise<void>;
  verify(root: string, run: string): Promise<void>;
  /** The disk is empty again. */
  forget(): void;
}

interface Cut {
  /** After the first thing that was acknowledged, or as soon as the writer begins. */
  readonly isLate: boolean;
  /** Resolves when the power is gone. The disk has stood still since, so that nothing more can be acknowledged. */
  wait(): Promise<void>;
  /** Makes the cut come now: nobody writes any more. */
  force(): void;
  /** Lets what waits for the disk come to its end, once its process is as good as dead. */
  release(): Promise<void>;
}

async function killAtCut(cut: Cut, kill: () => void): Promise<void> {
  await cut.wait();
  kill();
  await cut.release();
}

function repositoryVictim(): Victim {
  const published = new Map<string, string>();
  return {
    forget: () => published.clear(),
    async write(root, run, cut) {
      let cutting: Promise<void> | undefined;
      const kills: (() => void)[] = [];
      const killAll = (): void => kills.forEach((kill) => kill());
      // Two writers on one repository every other time: each finds what the other left half done.
      const writers = Array.from({ length: cut.isLate ? 2 : 1 }, (_unused, i) =>
        runWriter(join(root, "repository"), `${run}-${i}`, {
          onStart: (kill) => kills.push(kill),
          onLine(line) {
            if (line !== "ready" || !cut.isLate) cutting ??= killAtCut(cut, killAll);
          },
        }),
      );
      // Where there are points enough, all but the last are deleted and pruned meanwhile: they may be gone or not.
      const old = writers.length > 1 ? [...published.keys()].slice(0, -2) : [];
      for (const id of old) published.delete(id);
      const pruning =
        old.length === 0 ? undefined : runPruner(join(root, "repository"), old, (kill) => kills.push(kill));
      const [lives, pruned] = await Promise.all([Promise.all(writers), Promise.allSettled([pruning])]);
      // Writers that ended by themselves: the disk is full.
      cutting ??= killAtCut(cut, killAll);
      cut.force();
      await cutting;
      for (const life of lives) for (const [id, sum] of life.published) published.set(id, sum);
      for (const each of pruned) if (each.status === "rejected") throw each.reason;
    },
    async verify(root, run) {
      await expectWhole(join(root, "repository"), published);
      // The next capture must go through, on what the cut left.
      const after = await runWriter(join(root, "repository"), `${run}-after`, {
        onLine: (line, kill) => (line === "ready" ? undefined : kill()),
      });
      for (const [id, sum] of after.published) published.set(id, sum);
      if (after.published.size === 0) throw new Error("no capture after the cut");
      await expectWhole(join(root, "repository"), after.published);
    },
  };
}

function catalogVictim(): Victim {
  const acknowledged = new Set<string>();
  const fileOf = (root: string): string => join(root, "home", "catalog.db");
  const start = (root: string, ...task: string[]) =>
    spawn(process.execPath, [catalogWorker, fileOf(root), ...task], { stdio: ["ignore", "pipe", "inherit"] });
  return {
    forget: () => acknowledged.clear(),
    async write(root, run, cut) {
      const child = start(root, "write", run);
      const exit = once(child, "exit");
      let cutting: Promise<void> | undefined;
      for await (const id of createInterface({ input: child.stdout })) {
        acknowledged.add(id);
        cutting ??= killAtCut(cut, () => void child.kill("SIGKILL"));
      }
      cutting ??= killAtCut(cut, () => undefined);
      cut.force();
      await cutting;
      await exit;
    },
    async verify(root) {
      const kept = new Set(await Array.fromAsync(createInterface({ input: start(root, "list").stdout })));
      const lost = [...acknowledged].filter((id) => !kept.has(id));
      if (lost.length > 0) throw new Error(`${lost.length} acknowledged entries are gone, the first is ${lost[0]}`);
      using database = new DatabaseSync(fileOf(root), { readOnly: true });
      const [found] = database.prepare("PRAGMA integrity_check").all();
      if (found?.["integrity_check"] !== "ok") throw new Error(`the database is damaged: ${JSON.stringify(found)}`);
    },
  };
}

/**
 * Cuts the power of a disk under an ext4, again and again, while a repository and a catalog by turns are written on it.
 * A disk that lies about flushes must show losses. Needs root, FUSE and loop devices: see `whyNoMounts`.
 */
export async function cutPower(
  { seed, count }: HarmOptions,
  { isLying = false }: { readonly isLying?: boolean } = {},
): Promise<HarmResult> {
  const tally = createTally("power cuts", seed);
  const folder = await mkdtemp(join(tmpdir(), "holdfast-power-"));
  try {
    await using disk = await mountDisk(folder, { isLying });
    const victims = { repository: repositoryVictim(), catalog: catalogVictim() };
    for (let i = 0; i < count; i += 1) {
      if (i > 0 && i % cutsOfOneDisk === 0) {
        await disk.renew();
        for (const victim of Object.values(victims)) victim.forget();
      }
      const kind = i % 4 === 3 ? "catalog" : "repository";
      await tally.expect(`cut ${i} under a ${kind}`, async () => {
        const blocks = await cutOnce(disk, victims[kind], { seed: seedOf(seed, i), run: `r${i}` });
        tally.count(`cuts under a ${kind}`);
        tally.count(blocks === 1 ? "with one block not flushed" : "with several blocks not flushed");
      });
    }
  } finally {
    await rm(folder, { recursive: true });
  }
  return tally.result();
}

/** A short capture makes some 25 writes of the disk, an entry of the catalog 2; both write on and on. */
const latestWrite = 120;

async function cutOnce(
  disk: MountedDisk,
  victim: Victim,
  { seed, run }: { readonly seed: number; readonly run: string },
): Promise<number> {
  const random = new SeededRandom(seed);
  let blocks = 0;
  const isLate = random.fraction() < 0.6;
  const atWrite = 1 + Math.floor(random.fraction() * latestWrite);
  await victim.write(disk.root, run, {
    isLate,
    release: () => disk.release(),
    force: () => disk.force(),
    async wait() {
      blocks = await disk.cut({ atWrite, seed });
    },
  });
  await disk.restart();
  await victim.verify(disk.root, run);
  return blocks;
}
