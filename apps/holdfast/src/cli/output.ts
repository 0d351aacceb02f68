import type { Clock } from "@holdfast/kernel";
import { createProgress } from "./progress.ts";
import type { Progress } from "./progress.ts";
import { formatError, renderError } from "./error-rendering.ts";
import type { Terminal } from "./terminal.ts";

/** Results go to standard output; everything said on the way goes to standard error. */
export interface Output {
  readonly isJson: boolean;
  /** The command's one result: as JSON, or as text for people. */
  result(value: unknown, text: () => string): void;
  /** One line on what is done or was found. */
  note(line: string): void;
  error(error: unknown): void;
  /** Draws progress until disposed. */
  startProgress(): Progress;
}

export function createOutput(terminal: Terminal, clock: Clock, isJson: boolean): Output {
  let progress: Progress | undefined;
  return {
    isJson,
    result(value, text) {
      progress?.clear();
      const shown = isJson ? JSON.stringify(value, null, 2) : text();
      terminal.writeOut(shown.endsWith("\n") ? shown : `${shown}\n`);
    },
    note(line) {
      progress?.clear();
      terminal.writeErr(`${line}\n`);
    },
    error(error) {
      progress?.clear();
      const rendered = renderError(error);
      if (isJson) terminal.writeOut(`${JSON.stringify({ error: rendered }, null, 2)}\n`);
      else terminal.writeErr(formatError(rendered));
    },
    startProgress() {
      progress = createProgress(terminal, clock);
      return progress;
    },
  };
}
