import { execFile } from "node:child_process";
import { createReadStream } from "node:fs";
import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { loadavg } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { mapBounded, MiB } from "@holdfast/kernel";
import { pairedWorks } from "./contender.ts";
import type { Contender, MakeContender, PairedWork } from "./contender.ts";
import type { Images } from "./images.ts";
import { measureCommand } from "./measure-command.ts";
import type { Command, Cost } from "./measure-command.ts";

const run = promisify(execFile);

/** One work of one contender in one round. */
export interface Measured {
  readonly work: PairedWork;
  readonly contender: string;
  readonly round: number;
  readonly wallSeconds: number;
  readonly userSeconds: number;
  readonly systemSeconds: number;
  readonly peakBytes: number;
  /** Bytes of the repository's files after the work, and what the work added (or, below zero, freed). */
  readonly storedBytes: number;
  readonly addedBytes: number;
  /** How many processes were running or waiting to when the work began, as the kernel's average of a minute. */
  readonly loadBefore: number;
  /** What the contender said of itself, where it is Holdfast. */
  readonly said?: Readonly<Record<string, number>>;
}

export interface RoundsOptions {
  readonly makers: readonly MakeContender[];
  readonly images: Images;
  readonly folder: string;
  readonly rounds: number;
  readonly works: ReadonlySet<PairedWork>;
  readonly say: (line: string) => void;
}

export interface RoundsResult {
  readonly contenders: readonly Pick<Contender, "name" | "version" | "settings">[];
  readonly measured: readonly Measured[];
}

/**
 * Runs every work with each contender in turn, round after round; every second round turns the order about. What a work
 * needs before it is run even where it is not asked for. A restored file is compared with a2 outside the time measured.
 */
export async function runRounds(options: RoundsOptions): Promise<RoundsResult> {
  const { makers, images, folder, rounds, works, say } = options;
  const measured: Measured[] = [];
  let names: RoundsResult["contenders"] = [];
  for (let round = 0; round < rounds && works.size > 0; round += 1) {
    const started = [];
    for (const [i, make] of makers.entries()) {
      const own = join(folder, `round-${round}-${i}`);
      await mkdir(own);
      const contender = make(own, images);
      for (const command of contender.prepare) await measureCommand(command, folder);
      started.push(contender);
    }
    names = started.map(({ name, version, settings }) => ({ name, version, settings }));
    const inTurn = round % 2 === 0 ? started : started.toReversed();
    for (const work of needed(works)) {
      for (const contender of inTurn) {
        const made = await runWork(contender, { work, round, folder, images });
        if (made === null || !works.has(work)) continue;
        measured.push(made);
        say(`round ${round + 1}/${rounds}  ${work.padEnd(11)} ${contender.name.padEnd(9)} ${describe(made)}`);
      }
    }
    for (const i of makers.keys()) await rm(join(folder, `round-${round}-${i}`), { recursive: true });
  }
  return { contenders: names, measured };
}

/** Every work but `scan` goes on from what those before it left. */
function needed(works: ReadonlySet<PairedWork>): PairedWork[] {
  const last = Math.max(...[...works].map((work) => pairedWorks.indexOf(work)));
  return pairedWorks.filter((work, i) => i <= last && (works.has(work) || isGroundwork(work)));
}

function isGroundwork(work: PairedWork): boolean {
  return work === "full" || work === "incremental" || work === "second";
}

interface Turn {
  readonly work: PairedWork;
  readonly round: number;
  readonly folder: string;
  readonly images: Images;
}

async function runWork(contender: Contender, { work, round, folder, images }: Turn): Promise<Measured | null> {
  const commands = contender.works[work];
  if (commands === undefined) return null;
  for (const command of contender.before?.[work] ?? []) await measureCommand(command, folder);
  const repository = contender.repositoryOf?.[work] ?? contender.repository;
  const before = await bytesUnder(repository);
  await warm(work in imageRead ? [images[imageRead[work as keyof typeof imageRead]]] : await filesUnder(repository));
  // What was written before is not this work's to wait for.
  await run("sync", []);
  const [loadBefore = 0] = loadavg();
  const cost = await measureAll(commands, folder);
  const storedBytes = await bytesUnder(repository);
  if (work === "restore" && contender.restored !== undefined) {
    await run("cmp", [contender.restored, images.a2]);
    await rm(contender.restored);
  }
  const { wallSeconds, userSeconds, systemSeconds, peakBytes, output } = cost;
  const said = contender.name === "Holdfast" ? { said: JSON.parse(output) as Record<string, number> } : {};
  const costs = { wallSeconds, userSeconds, systemSeconds, peakBytes, loadBefore };
  return { work, contender: contender.name, round, ...costs, storedBytes, addedBytes: storedBytes - before, ...said };
}

async function measureAll(commands: readonly Command[], folder: string): Promise<Cost> {
  const costs: Cost[] = [];
  for (const command of commands) costs.push(await measureCommand(command, folder));
  const sum = (key: "wallSeconds" | "userSeconds" | "systemSeconds"): number =>
    costs.reduce((total, cost) => total + cost[key], 0);
  return {
    wallSeconds: sum("wallSeconds"),
    userSeconds: sum("userSeconds"),
    systemSeconds: sum("systemSeconds"),
    peakBytes: Math.max(...costs.map((cost) => cost.peakBytes)),
    output: costs.at(-1)?.output ?? "",
  };
}

function describe({ wallSeconds, userSeconds, systemSeconds, peakBytes }: Measured): string {
  const cpu = `CPU ${userSeconds.toFixed(1)}+${systemSeconds.toFixed(1)} s`;
  return `${wallSeconds.toFixed(2).padStart(7)} s  ${cpu}  ${(peakBytes / 1024 ** 2).toFixed(0)} MiB`;
}

/** The image that a work reads; the other works read the repository. */
const imageRead = { full: "a1", scan: "a2", incremental: "a2", second: "b1" } as const;

/** Brings files into the page cache: what a program wrote past it would else be read from the disk by itself alone. */
async function warm(paths: readonly string[]): Promise<void> {
  await mapBounded(
    paths,
    async (path) => {
      for await (const part of createReadStream(path, { highWaterMark: 4 * MiB })) void part;
    },
    { limit: 4 },
  );
}

async function filesUnder(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

async function bytesUnder(folder: string): Promise<number> {
  let bytes = 0;
  for (const path of await filesUnder(folder)) bytes += (await stat(path)).size;
  return bytes;
}
