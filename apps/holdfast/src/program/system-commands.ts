import { Argument } from "commander";
import type { Command } from "commander";
import { defineCommand, runLazily } from "./define.ts";
import type { ProgramParts } from "./define.ts";

export function addSystemCommands(program: Command, parts: ProgramParts): void {
  defineCommand(program, "errors [code]", {
    description: "explain an error code, or list them all",
    examples: ["errors catalog.run.busy", "errors"],
  }).action((code: string | undefined) =>
    runLazily(parts, async () => (await import("../commands/errors.ts")).runErrors, { code }),
  );
  program
    .command("completion")
    .addArgument(new Argument("<shell>", "shell to complete for").choices(["bash", "zsh", "fish", "powershell"]))
    .description("print the completion script for bash, zsh, fish or powershell")
    .addHelpText(
      "after",
      "\nExamples:\n  $ holdfast completion bash > ~/.local/share/bash-completion/completions/holdfast\n" +
        "  $ source <(holdfast completion zsh)",
    )
    .action(async (shell: string) => {
      const { script } = await import("@bomb.sh/tab");
      script(shell, "holdfast", "holdfast");
    });
}
