import type { Command } from "commander";
import type { RepositoryOptions } from "../commands/repository-session.ts";
import { defineCommand, runLazily } from "./define.ts";
import type { ProgramParts } from "./define.ts";
import { withRepository } from "./repository-commands.ts";

export function addPointCommands(program: Command, parts: ProgramParts): void {
  withRepository(
    defineCommand(program, "points [vm]", {
      description: "list the recovery points of a VM, or of all, newest first",
      examples: ["points", "points web1 --json"],
    }),
  ).action((vm: string | undefined, options: RepositoryOptions) =>
    runLazily(parts, async () => (await import("../commands/points.ts")).runPoints, { ...options, vm }),
  );
}
