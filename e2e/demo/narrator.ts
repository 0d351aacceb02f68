import { formatDuration } from "@holdfast/kernel";

interface Measured {
  readonly phase: string;
  readonly durationMs: number;
  readonly note: string;
}

/** Tells the story on a terminal and remembers what each phase cost. */
export interface Narrator {
  chapter(title: string): void;
  say(text: string): void;
  /** Times a piece of work for the table at the end; `note` may name bytes. */
  time<T>(phase: string, work: () => Promise<T>, note?: (result: T) => string): Promise<T>;
  /** Prints the table of phases. */
  finish(): void;
}

export function createNarrator(write: (line: string) => void): Narrator {
  const measured: Measured[] = [];
  let chapters = 0;
  return {
    chapter: (title) => {
      chapters += 1;
      write(`\n${chapters}. ${title}`);
    },
    say: (text) => write(text.replaceAll(/^/gm, "   ")),
    time: async (phase, work, note) => {
      const startedMs = performance.now();
      const result = await work();
      const durationMs = performance.now() - startedMs;
      measured.push({ phase, durationMs, note: note?.(result) ?? "" });
      return result;
    },
    finish: () => {
      const width = Math.max(...measured.map((row) => row.phase.length));
      write("\nWhat it took");
      for (const row of measured) {
        write(`   ${row.phase.padEnd(width)}  ${formatDuration(row.durationMs).padStart(12)}  ${row.note}`.trimEnd());
      }
    },
  };
}
