import { HoldfastError } from "@holdfast/kernel";
import { CommanderError } from "commander";
import { buildProgram } from "../program/program.ts";
import type { Services } from "../composition/services.ts";
import { exitCodeOf, exitCodes } from "./exit-codes.ts";
import { createOutput } from "./output.ts";
import type { Terminal } from "./terminal.ts";

export interface CliWorld {
  readonly terminal: Terminal;
  readonly services: Services;
}

/**
 * Runs one command line and answers the exit code. Never raises: every error is printed with its code, a sentence and
 * what to do next. The first Ctrl-C stops cleanly, the second leaves at once.
 */
export async function runCli(commandLine: readonly string[], { terminal, services }: CliWorld): Promise<number> {
  const isJson = commandLine.includes("--json");
  const output = createOutput(terminal, services.clock, isJson);
  const stop = new AbortController();
  using _interrupts = terminal.onInterrupt(() => {
    if (stop.signal.aborted) return terminal.leave(exitCodes.interrupted);
    output.note("stopping cleanly; press Ctrl-C again to leave at once");
    stop.abort(interrupted());
  });
  let exitCode: number = exitCodes.ok;
  const program = buildProgram({ services, terminal, output, signal: stop.signal }, (code) => {
    exitCode = code;
  });
  try {
    if (commandLine[0] === "complete") {
      const { addCompletion } = await import("./completion.ts");
      await addCompletion(program, services);
    }
    await program.parseAsync([...commandLine], { from: "user" });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return endUsage(error, output.error);
    // Whatever was under way when the user said stop, stopping is what they need to hear of.
    const shown = stop.signal.aborted ? interrupted(error) : error;
    output.error(shown);
    return exitCodeOf(shown);
  }
}

function endUsage(error: CommanderError, show: (error: unknown) => void): number {
  if (error.exitCode === 0) return exitCodes.ok;
  if (error.code === "commander.help") return exitCodes.usage;
  show(
    new HoldfastError({
      code: "cli.usage.invalid",
      message: error.message.replace(/^error: /, "").replaceAll("\n", " "),
      advice: "Run the command with --help to see what it takes.",
    }),
  );
  return exitCodes.usage;
}

function interrupted(cause?: unknown): HoldfastError {
  return new HoldfastError({
    code: "cli.run.interrupted",
    message: "the command was interrupted; recovery points that were already published are whole",
    advice: "Run it again; what it left on the stamp is removed at the next start.",
    // The abort itself says nothing that the sentence does not.
    ...(cause instanceof HoldfastError && cause.code !== "cli.run.interrupted" ? { cause } : {}),
  });
}
