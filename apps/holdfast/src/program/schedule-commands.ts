import type { Command } from "commander";
import { parseDuration } from "../cli/duration.ts";
import type { ServeInput } from "../commands/serve.ts";
import type { StatusInput } from "../commands/status.ts";
import { defineCommand, runLazily } from "./define.ts";
import type { ProgramParts } from "./define.ts";
import { withKey } from "./repository-options.ts";

export function addScheduleCommands(program: Command, parts: ProgramParts): void {
  withKey(
    defineCommand(program, "serve", {
      description:
        "capture what the applied policies ask for, until it is told to stop; several may run on one machine",
      examples: ["serve", "serve --drain"],
    }),
  )
    .option("--drain", "end once nothing runs and nothing is due")
    .option("--look-every <time>", "how often the schedule looks", parseDuration, 60_000)
    .option("--discover-every <time>", "how often stamps are asked for their VMs", parseDuration, 900_000)
    .action(({ lookEvery, discoverEvery, ...options }: ServeOptions) =>
      runLazily(parts, async () => (await import("../commands/serve.ts")).runServe, {
        ...options,
        lookEveryMs: lookEvery,
        discoverEveryMs: discoverEvery,
      }),
    );
}

export function addStatusCommand(program: Command, parts: ProgramParts): void {
  withKey(
    defineCommand(program, "status", {
      description: "say which promises of the applied policies hold now, and why; exits with 20 where one is breached",
      examples: ["status", "status --json"],
    }),
  ).action((options: StatusInput) =>
    runLazily(parts, async () => (await import("../commands/status.ts")).runStatus, options),
  );
}

type ServeOptions = Omit<ServeInput, "lookEveryMs" | "discoverEveryMs"> & {
  readonly lookEvery: number;
  readonly discoverEvery: number;
};
