import { SeededRandom } from "@holdfast/kernel/testing";

/** What to do, and the number from which all its choices follow. */
export interface HarmOptions {
  readonly seed: number;
  readonly count: number;
}

/** What was done, by kind, and every loss: a sentence that names the seed, or the first that broke its promise. */
export interface HarmResult {
  readonly did: Readonly<Record<string, number>>;
  readonly losses: readonly string[];
}

/** Counts what is done, and notes losses with the seed that brings them back. */
export function createTally(harm: string, seed: number) {
  const did: Record<string, number> = {};
  const losses: string[] = [];
  return {
    count(kind: string): void {
      did[kind] = (did[kind] ?? 0) + 1;
    },
    lose(what: string): void {
      losses.push(`${harm}, seed ${seed}: ${what}`);
    },
    /** Runs a step, and notes what it raises as a loss. */
    async expect(what: string, step: () => Promise<void>): Promise<void> {
      try {
        await step();
      } catch (error) {
        losses.push(`${harm}, seed ${seed}: ${what}: ${String(error instanceof Error ? error.stack : error)}`);
      }
    },
    result: (): HarmResult => ({ did, losses }),
  };
}

/** Each single harm has a seed of its own, so that it can be brought back without those before it. */
export function seedOf(seed: number, index: number): number {
  return (seed + index) >>> 0;
}

export function below(random: SeededRandom, limit: number): number {
  return Math.floor(random.fraction() * limit);
}

export function choose<T>(random: SeededRandom, among: readonly T[]): T {
  return among[below(random, among.length)]!;
}
