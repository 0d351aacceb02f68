import type { ServiceOptions, Services } from "../composition/services.ts";
import type { Output } from "./output.ts";
import type { Terminal } from "./terminal.ts";

/** What every command is handed. */
export interface CommandContext {
  readonly services: Services;
  readonly terminal: Terminal;
  readonly output: Output;
  /** Aborts at Ctrl-C. */
  readonly signal: AbortSignal;
}

/** Answers an exit code, or nothing for success. */
export type CommandHandler<Input> = (input: Input, context: CommandContext) => Promise<number | void>;

export function serviceOptions({ signal, output }: CommandContext): ServiceOptions {
  return { signal, warn: output.note };
}
