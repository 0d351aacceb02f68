// Does harm to repositories and catalogs for as long as it is told, and says what it did and what was lost:
//   npm run torture -- [--minutes M | --count N] [--seed S] [--only NAME,NAME]
// Ends with 1 where anything was lost. docs/torture.md says what each harm proves.
import { randomInt } from "node:crypto";
import { parseArgs } from "node:util";
import {
  breakStores,
  cutModelledPower,
  fuzzDecoders,
  harmObjects,
  killCopiers,
  killPruners,
  killWriters,
  simulateWorlds,
} from "@holdfast/repository/torture";
import type { HarmOptions, HarmResult } from "@holdfast/repository/torture";
import { cutPower } from "./cut-power.ts";
import { whyNoMounts } from "./mounted-disk.ts";

interface Harm {
  readonly name: string;
  /** How many make a round of some seconds. */
  readonly perRound: number;
  run(options: HarmOptions): Promise<HarmResult>;
}

const { values } = parseArgs({
  options: {
    minutes: { type: "string" },
    count: { type: "string" },
    seed: { type: "string" },
    only: { type: "string" },
  },
});

const allHarms: readonly Harm[] = [
  { name: "objects", perRound: 200, run: harmObjects },
  { name: "decoders", perRound: 20_000, run: fuzzDecoders },
  { name: "stores", perRound: 40, run: breakStores },
  { name: "kills", perRound: 12, run: killWriters },
  { name: "copies", perRound: 12, run: killCopiers },
  { name: "prunes", perRound: 12, run: killPruners },
  { name: "model", perRound: 100, run: cutModelledPower },
  { name: "simulation", perRound: 3, run: simulateWorlds },
  { name: "power", perRound: 16, run: cutPower },
];

async function chooseHarms(): Promise<Harm[]> {
  const wanted = values.only?.split(",") ?? allHarms.map(({ name }) => name);
  const unknown = wanted.filter((name) => allHarms.every((harm) => harm.name !== name));
  if (unknown.length > 0) throw new Error(`no such harm: ${unknown.join(", ")}`);
  const missing = await whyNoMounts();
  if (missing !== null && wanted.includes("power"))
    console.log(`No power cuts of a real file system: ${missing}. The modelled ones are done.`);
  return allHarms.filter(({ name }) => wanted.includes(name) && (name !== "power" || missing === null));
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`--${name} is a whole number, not ${text}`);
  return value;
}

async function main(): Promise<void> {
  const seed = values.seed === undefined ? randomInt(2 ** 31) : wholeNumber("seed", values.seed);
  const rounds = values.count === undefined ? Infinity : wholeNumber("count", values.count);
  const minutes = Number(values.minutes ?? (values.count === undefined ? 5 : Infinity));
  if (!(minutes > 0)) throw new Error(`--minutes is a number above zero, not ${values.minutes}`);
  const harms = await chooseHarms();
  const beginMs = performance.now();
  const endMs = beginMs + minutes * 60_000;
  const totals = new Map<string, { did: Record<string, number>; seconds: number }>();
  const losses: string[] = [];
  console.log(`Seed ${seed}, ${Number.isFinite(rounds) ? `${rounds} rounds` : `${minutes} minutes`}`);
  for (let round = 0; round < rounds && performance.now() < endMs; round += 1) {
    for (const { name, perRound, run } of harms) {
      if (performance.now() >= endMs && round > 0) break;
      const startedMs = performance.now();
      // Harms of one round take the seeds that follow this one.
      const result = await run({ seed: seed + round * perRound, count: perRound });
      const total = totals.get(name) ?? { did: {}, seconds: 0 };
      totals.set(name, total);
      total.seconds += (performance.now() - startedMs) / 1000;
      for (const [what, count] of Object.entries(result.did)) total.did[what] = (total.did[what] ?? 0) + count;
      for (const loss of result.losses) console.log(`LOST  ${loss}`);
      losses.push(...result.losses);
    }
    const sofar = losses.length === 0 ? "nothing lost" : `${losses.length} LOSSES`;
    console.log(`round ${round + 1}, ${((performance.now() - beginMs) / 60_000).toFixed(1)} min: ${sofar} so far`);
  }
  for (const [name, { did, seconds }] of totals) {
    console.log(`\n${name}, ${seconds.toFixed(0)} s`);
    for (const [what, times] of Object.entries(did).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      console.log(`  ${String(times).padStart(8)}  ${what}`);
  }
  console.log(`\n${losses.length === 0 ? "Nothing was lost." : `${losses.length} LOSSES`} Seed ${seed}.`);
  if (losses.length > 0) process.exitCode = 1;
}

await main();
