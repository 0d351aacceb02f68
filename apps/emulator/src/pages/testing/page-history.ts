/** What the volume of the crash test goes through: step `n` is the same in the writer and in its judge. */
export const historyPages = 64;

export interface HistoryStep {
  readonly page: number;
  /** Undefined where the step clears the page. */
  readonly value: number | undefined;
}

export function historyStep(number: number): HistoryStep {
  if (number % 5 === 0) return { page: (number * 7) % historyPages, value: undefined };
  return { page: (number * 11) % historyPages, value: number };
}

/** A snapshot follows every tenth step, and every thirtieth the oldest snapshot goes. */
export const isSnapshotStep = (number: number): boolean => number % 10 === 0;
export const isDeletionStep = (number: number): boolean => number % 30 === 0;

/** Values by page after so many steps. */
export function historyContent(steps: number): Map<number, number> {
  const content = new Map<number, number>();
  for (let number = 1; number <= steps; number += 1) {
    const { page, value } = historyStep(number);
    if (value === undefined) content.delete(page);
    else content.set(page, value);
  }
  return content;
}
