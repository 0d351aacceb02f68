import { formatBytes } from "@holdfast/kernel";

interface PhaseRow {
  readonly phase: string;
  readonly seconds: number;
  readonly bytes: number | undefined;
}

/** Times the phases of a run, tells of each as it ends, and prints them all at the end. */
export interface PhaseTable {
  /** Times a piece of work; `bytesOf` says how many bytes it was about, where that means something. */
  time<T>(phase: string, work: () => Promise<T>, bytesOf?: (result: T) => number): Promise<T>;
  print(): void;
}

const mebibyte = 1024 * 1024;

function formatRow(row: PhaseRow): string {
  const { phase, seconds, bytes } = row;
  const amount = bytes === undefined ? "" : formatBytes(bytes);
  const rate = bytes === undefined || bytes < mebibyte ? "" : `${(bytes / mebibyte / seconds).toFixed(0)} MiB/s`;
  return `${phase.padEnd(40)} ${seconds.toFixed(1).padStart(8)} s ${amount.padStart(12)} ${rate.padStart(12)}`.trimEnd();
}

export function createPhaseTable(write: (line: string) => void): PhaseTable {
  const rows: PhaseRow[] = [];
  return {
    async time(phase, work, bytesOf) {
      const startedMs = performance.now();
      const result = await work();
      const row = { phase, seconds: (performance.now() - startedMs) / 1000, bytes: bytesOf?.(result) };
      rows.push(row);
      write(formatRow(row));
      return result;
    },
    print() {
      write("\nPhases, with the bytes each was about:");
      for (const row of rows) write(formatRow(row));
    },
  };
}
