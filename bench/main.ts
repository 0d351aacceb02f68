// Holdfast and its peers on the same images, in turn, in one run:
//   npm run bench -- [--pairs N] [--works full,incremental,...] [--json FILE] [--peers restic,borg,copy]
// Needs GNU time, about 25 GiB of disk and some minutes a pair. docs/bench.md says how it measures.
import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm, statfs, writeFile } from "node:fs/promises";
import { availableParallelism, cpus, release, totalmem } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { formatBytes, GiB } from "@holdfast/kernel";
import { pairedWorks } from "./contender.ts";
import type { MakeContender, PairedWork } from "./contender.ts";
import { borgContender, copyContender, makeHoldfast, resticContender } from "./contenders.ts";
import { findImages } from "./images.ts";
import { findPeers } from "./peers.ts";
import { growth } from "./growth.ts";
import { httpsCapture } from "./https-capture.ts";
import { largeIndex } from "./large-index.ts";
import { manyPoints } from "./many-points.ts";
import type { OwnFigure, OwnPlace, OwnWork } from "./own-work.ts";
import { delayLine, ownTableOf, spreadText, summariseRounds, tableOf } from "./report.ts";
import { runRounds } from "./rounds.ts";
import { spreadOf } from "./statistics.ts";

/** What has no counterpart among the peers. */
const ownWorks: Readonly<Record<string, OwnWork>> = {
  https: httpsCapture,
  growth,
  points: manyPoints,
  index: largeIndex,
};
const allWorks = [...pairedWorks, ...Object.keys(ownWorks)];

const neededBytes = 25 * GiB;
const say = (line: string): void => console.log(line);

const { values } = parseArgs({
  options: {
    pairs: { type: "string", default: "5" },
    works: { type: "string", default: allWorks.join(",") },
    peers: { type: "string", default: "restic,borg,copy" },
    json: { type: "string" },
  },
});

function chosen<T extends string>(given: string, known: readonly T[], what: string): Set<T> {
  const names = given.split(",").filter((name) => name !== "");
  const unknown = names.filter((name) => !known.includes(name as T));
  if (unknown.length > 0) throw new Error(`no such ${what}: ${unknown.join(", ")}; there are ${known.join(", ")}`);
  return new Set(names as T[]);
}

function describeMachine() {
  const commit = execFileSync("git", ["describe", "--always", "--dirty"], { encoding: "utf8" }).trim();
  const machine = { cpu: cpus()[0]?.model ?? "unknown", cores: availableParallelism(), memoryBytes: totalmem() };
  return { commit, ...machine, kernel: release(), node: process.version };
}

async function findContenders(names: ReadonlySet<string>): Promise<MakeContender[]> {
  const makers: MakeContender[] = [makeHoldfast];
  const peers = await findPeers(say);
  for (const peer of peers) {
    if (!names.has(peer.name)) continue;
    makers.push(peer.name === "restic" ? resticContender(peer) : borgContender(peer));
  }
  if (names.has("copy")) makers.push(copyContender({ cp: versionOf("cp"), qemu: versionOf("qemu-img") }));
  return makers;
}

function versionOf(program: string): string {
  const text = execFileSync(program, ["--version"], { encoding: "utf8" });
  return /\d+(\.\d+)+/.exec(text)?.[0] ?? "unknown";
}

/** The scratch folder: on the disk of the checkout, unless HOLDFAST_BENCH_DIR names another place. */
async function makeScratch(): Promise<string> {
  const parent = process.env["HOLDFAST_BENCH_DIR"] ?? join(import.meta.dirname, "../.holdfast");
  await mkdir(parent, { recursive: true });
  const { bavail, bsize } = await statfs(parent);
  if (bavail * bsize < neededBytes)
    throw new Error(`${parent} has ${formatBytes(bavail * bsize)} free, and ${formatBytes(neededBytes)} are needed`);
  return mkdtemp(join(parent, "bench-"));
}

async function measureAlone(works: ReadonlySet<string>, place: OwnPlace) {
  const measured: { readonly work: string; readonly title: string; readonly figures: readonly OwnFigure[] }[] = [];
  for (const [work, { title, run }] of Object.entries(ownWorks)) {
    if (!works.has(work)) continue;
    const folder = join(place.folder, work);
    await mkdir(folder);
    measured.push({ work, title, figures: await run({ ...place, folder }) });
    await rm(folder, { recursive: true });
  }
  return measured;
}

async function main(): Promise<void> {
  const rounds = Number(values.pairs);
  if (!Number.isSafeInteger(rounds) || rounds < 1) throw new Error(`--pairs is a whole number, not ${values.pairs}`);
  const works = chosen(values.works, allWorks, "work");
  const paired = new Set<PairedWork>(pairedWorks.filter((work) => works.has(work)));
  const peers = chosen(values.peers, ["restic", "borg", "copy"], "peer");
  const makers = paired.size === 0 ? [] : await findContenders(peers);
  const images = await findImages(say);
  const machine = describeMachine();
  const startedAt = new Date().toISOString();
  say(`${machine.cores} × ${machine.cpu}, ${formatBytes(machine.memoryBytes)}, Linux ${machine.kernel}`);
  say(`Node ${machine.node}, commit ${machine.commit}, ${rounds} rounds, images in the page cache`);
  const folder = await makeScratch();
  try {
    const result = await runRounds({ makers, images, folder, rounds, works: paired, say });
    const own = await measureAlone(works, { folder, images, rounds, say });
    const summaries = summariseRounds(result);
    const lines: string[] = [];
    if (paired.size > 0) {
      lines.push(...result.contenders.map(({ name, version, settings }) => `${name} ${version}: ${settings}`));
      const loads = result.measured.map(({ loadBefore }) => loadBefore);
      if (loads.length > 0) lines.push("", `Load of the machine before the runs: ${spreadText(spreadOf(loads), 1)}`);
      lines.push("", ...tableOf(summaries), "", delayLine(summaries), "");
    }
    if (own.length > 0) lines.push(...ownTableOf(own));
    for (const line of ["", ...lines]) say(line);
    if (values.json !== undefined) {
      const report = { format: "holdfast-bench", version: 1, startedAt, machine, rounds, ...result, summaries, own };
      await writeFile(values.json, `${JSON.stringify(report, null, 2)}\n`);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

await main();
