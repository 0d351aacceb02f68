import type { Command } from "commander";
import type { CommandContext, CommandHandler } from "../cli/context.ts";

/** What the program's parts need to hang their commands in. */
export interface ProgramParts {
  readonly context: CommandContext;
  readonly setExitCode: (code: number) => void;
}

/** Adds a command with its examples and `--json`, which every command takes. */
export function defineCommand(
  parent: Command,
  usage: string,
  about: { readonly description: string; readonly examples: readonly string[] },
  options: { readonly isDefault?: boolean } = {},
): Command {
  const command = parent.command(usage, options).description(about.description);
  command.option("--json", "print the result as JSON and nothing else on standard output");
  command.addHelpText("after", `\nExamples:\n${about.examples.map((example) => `  $ holdfast ${example}`).join("\n")}`);
  return command;
}

/**
 * Runs a handler that is loaded only when its command is called: the libraries behind some commands take longer to load
 * than other commands take to run.
 */
export function runLazily<Input>(
  { context, setExitCode }: ProgramParts,
  load: () => Promise<CommandHandler<Input>>,
  input: Input,
): Promise<void> {
  return load()
    .then((handler) => handler(input, context))
    .then((code) => setExitCode(code ?? 0));
}

/** Gathers an option that may be given several times. */
export function gather(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}
