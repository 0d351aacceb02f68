import { MiB } from "@holdfast/kernel";
import { pairedWorks } from "./contender.ts";
import type { PairedWork } from "./contender.ts";
import { goals } from "./goals.ts";
import type { OwnFigure } from "./own-work.ts";
import type { Measured, RoundsResult } from "./rounds.ts";
import { spreadOf } from "./statistics.ts";
import type { Spread } from "./statistics.ts";

const titles: Readonly<Record<PairedWork, string>> = {
  full: "first full capture of a1",
  scan: "a1 to a2, without changed ranges",
  incremental: "a1 to a2, with changed ranges",
  second: "second, similar VM b1",
  restore: "restore of a2 to a sparse file",
  check: "full check",
  prune: "delete a1 and prune",
};

/** Medians of one contender at one work, and of Holdfast's gain over it, round by round. */
export interface WorkSummary {
  readonly work: PairedWork;
  readonly contender: string;
  readonly wallSeconds: Spread;
  readonly cpuSeconds: Spread;
  readonly peakBytes: number;
  readonly storedBytes: number;
  readonly addedBytes: number;
  /** How many times as fast Holdfast was, and its share of the CPU time; absent for itself and where it has no such work. */
  readonly timesAsFast?: Spread;
  readonly timesAsFastPerStoredByte?: Spread;
  readonly cpuShare?: Spread;
  /** How long the main thread was kept from its events: the worst 99th percentile of all rounds. */
  readonly loopDelayP99Ms?: number;
}

const cpuOf = ({ userSeconds, systemSeconds }: Measured): number => userSeconds + systemSeconds;

/** restic has one incremental, with which both of Holdfast's are compared. */
function summarise(measured: readonly Measured[], work: PairedWork, contender: string): WorkSummary | null {
  const runs = (who: string, what: PairedWork): Measured[] =>
    measured.filter((each) => each.contender === who && each.work === what);
  const peerWork = work === "scan" && contender !== "Holdfast" ? "incremental" : work;
  const own = runs(contender, peerWork);
  if (own.length === 0) return null;
  const summary = {
    work,
    contender,
    wallSeconds: spreadOf(own.map(({ wallSeconds }) => wallSeconds)),
    cpuSeconds: spreadOf(own.map(cpuOf)),
    peakBytes: Math.max(...own.map(({ peakBytes }) => peakBytes)),
    storedBytes: spreadOf(own.map(({ storedBytes }) => storedBytes)).median,
    addedBytes: spreadOf(own.map(({ addedBytes }) => addedBytes)).median,
  };
  const delays = own.flatMap(({ said }) => said?.["loopDelayP99Ms"] ?? []);
  if (contender === "Holdfast")
    return delays.length === 0 ? summary : { ...summary, loopDelayP99Ms: Math.max(...delays) };
  const ours = runs("Holdfast", work);
  const pairs = own.flatMap((theirs) => {
    const same = ours.find(({ round }) => round === theirs.round);
    return same === undefined ? [] : [{ theirs, ours: same }];
  });
  if (pairs.length === 0) return summary;
  const ratio = (of: (each: Measured) => number): Spread =>
    spreadOf(pairs.map(({ theirs, ours: same }) => of(theirs) / of(same)));
  return {
    ...summary,
    timesAsFast: ratio(({ wallSeconds }) => wallSeconds),
    ...(work === "check" ? { timesAsFastPerStoredByte: ratio((each) => each.wallSeconds / each.storedBytes) } : {}),
    cpuShare: spreadOf(pairs.map(({ theirs, ours: same }) => cpuOf(same) / cpuOf(theirs))),
  };
}

/** A summary for each work of each contender that has it. */
export function summariseRounds({ contenders, measured }: RoundsResult): WorkSummary[] {
  const all = pairedWorks.flatMap((work) => contenders.map(({ name }) => summarise(measured, work, name)));
  return all.filter((each) => each !== null);
}

/** Median, and the ends in brackets. */
export const spreadText = ({ median, min, max }: Spread, digits: number): string =>
  `${median.toFixed(digits)} [${min.toFixed(digits)}-${max.toFixed(digits)}]`;

/** Lines of a Markdown table. */
export function tableOf(summaries: readonly WorkSummary[]): string[] {
  const lines = [
    "| work | program | s, median [range] | CPU s | peak MiB | added MiB | stored MiB | Holdfast is × as fast | of its CPU | at least |",
    "|---|---|---|---|---|---|---|---|---|---|",
  ];
  for (const [i, each] of summaries.entries()) {
    const { work, contender, timesAsFast, cpuShare } = each;
    const goal = goals[work];
    const against = contender === "restic" ? `${goal.timesAsFast} ×` : "";
    const faster = each.timesAsFastPerStoredByte ?? timesAsFast;
    const cells = [
      summaries[i - 1]?.work === work ? "" : titles[work],
      contender,
      spreadText(each.wallSeconds, 2),
      each.cpuSeconds.median.toFixed(1),
      (each.peakBytes / MiB).toFixed(0),
      (each.addedBytes / MiB).toFixed(0),
      (each.storedBytes / MiB).toFixed(0),
      faster === undefined ? "" : spreadText(faster, 2),
      cpuShare === undefined ? "" : `${(cpuShare.median * 100).toFixed(0)} %`,
      against,
    ];
    lines.push(`| ${cells.join(" | ")} |`);
  }
  return lines;
}

/** Lines of a Markdown table of what was measured of Holdfast alone. */
export function ownTableOf(measured: readonly { readonly title: string; readonly figures: readonly OwnFigure[] }[]) {
  const lines = ["| work | figure | median [range] | to reach |", "|---|---|---|---|"];
  for (const { title, figures } of measured) {
    for (const [i, { what, unit, values, goal }] of figures.entries()) {
      const limit = goal === undefined ? "" : "atMost" in goal ? `at most ${goal.atMost}` : `at least ${goal.atLeast}`;
      const cells = [i === 0 ? title : "", what, `${spreadText(spreadOf(values), 2)} ${unit}`, limit];
      lines.push(`| ${cells.join(" | ")} |`);
    }
  }
  return lines;
}

/** A line on the event loop of Holdfast's main thread under each work. */
export function delayLine(summaries: readonly WorkSummary[]): string {
  const delays = summaries.flatMap(({ work, loopDelayP99Ms }) =>
    loopDelayP99Ms === undefined ? [] : [`${work} ${loopDelayP99Ms.toFixed(1)} ms`],
  );
  return `Event-loop delay of Holdfast's main thread, 99th percentile, worst round: ${delays.join(", ")}`;
}
