import { expect, test } from "vitest";
import { summariseRounds, tableOf } from "./report.ts";
import type { Measured } from "./rounds.ts";
import { spreadOf } from "./statistics.ts";

test("the median of an even number of figures is the mean of the middle two", () => {
  expect(spreadOf([4, 1, 3, 2])).toEqual({ median: 2.5, min: 1, max: 4 });
  expect(spreadOf([3, 1, 2]).median).toBe(2);
  expect(() => spreadOf([])).toThrow(RangeError);
});

function run(contender: string, work: Measured["work"], round: number, wallSeconds: number): Measured {
  const cost = { wallSeconds, userSeconds: wallSeconds, systemSeconds: 0, peakBytes: 2 ** 20, loadBefore: 0 };
  return { contender, work, round, ...cost, storedBytes: contender === "restic" ? 200 : 100, addedBytes: 10 };
}

const contenders = ["Holdfast", "restic"].map((name) => ({ name, version: "1", settings: "" }));

test("a ratio is taken within each round", () => {
  const measured = [
    run("Holdfast", "full", 0, 1),
    run("restic", "full", 0, 4),
    run("Holdfast", "full", 1, 10),
    run("restic", "full", 1, 60),
  ];
  const [, restic] = summariseRounds({ contenders, measured });
  expect(restic?.timesAsFast).toEqual({ median: 5, min: 4, max: 6 });
  expect(restic?.cpuShare?.median).toBeCloseTo((1 / 4 + 1 / 6) / 2);
});

test("a peer's one incremental stands against both of Holdfast's", () => {
  const measured = [
    run("Holdfast", "scan", 0, 2),
    run("Holdfast", "incremental", 0, 1),
    run("restic", "incremental", 0, 10),
  ];
  const ratios = summariseRounds({ contenders, measured }).map(({ work, timesAsFast }) => [work, timesAsFast?.median]);
  expect(ratios).toEqual([
    ["scan", undefined],
    ["scan", 5],
    ["incremental", undefined],
    ["incremental", 10],
  ]);
});

test("a check is compared by stored byte, and a work that Holdfast lacks has no ratio", () => {
  const measured = [run("Holdfast", "check", 0, 1), run("restic", "check", 0, 4), run("restic", "prune", 0, 1)];
  const summaries = summariseRounds({ contenders, measured });
  expect(summaries[1]?.timesAsFastPerStoredByte?.median).toBe(2);
  expect(summaries[2]?.timesAsFast).toBeUndefined();
  expect(tableOf(summaries)).toHaveLength(5);
});
