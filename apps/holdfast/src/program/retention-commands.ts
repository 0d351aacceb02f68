import type { Command } from "commander";
import { parseCount, parseDuration } from "../cli/duration.ts";
import type { RetentionPreviewInput } from "../commands/retention-preview.ts";
import { defineCommand, runLazily } from "./define.ts";
import type { ProgramParts } from "./define.ts";
import { withRepository } from "./repository-options.ts";

/** The options of every command that takes rules of retention. Without a usual zone, none is taken where none is given. */
export function withRetention(command: Command, usualZone: "UTC" | null = "UTC"): Command {
  const rules = command
    .option("--keep-last <n>", "keep the newest n points", parseCount)
    .option("--keep-hourly <n>", "keep the newest point of each of the last n hours that have one", parseCount)
    .option("--keep-daily <n>", "the same of days", parseCount)
    .option("--keep-weekly <n>", "the same of weeks, from Monday", parseCount)
    .option("--keep-monthly <n>", "the same of months", parseCount)
    .option("--keep-yearly <n>", "the same of years", parseCount);
  const zone = ["--time-zone <zone>", "zone whose days and weeks count, such as Europe/Berlin"] as const;
  return usualZone === null ? rules.option(...zone) : rules.option(...zone, usualZone);
}

export function addRetentionCommands(program: Command, parts: ProgramParts): void {
  const retention = program.command("retention").description("see what rules of retention would keep");
  withRepository(
    withRetention(
      defineCommand(retention, "preview [vm]", {
        description:
          "show what rules keep and why, of the points there are or of a simulated schedule; changes nothing",
        examples: [
          "retention preview web1 --keep-last 4 --keep-daily 7 --keep-monthly 12",
          "retention preview --keep-daily 7 --keep-weekly 5 --keep-yearly 3 --every 6h --for 3y",
        ],
      }),
    ),
  )
    .option("--every <time>", "simulate a capture every so often: 30m, 6h, 1d", parseDuration)
    .option("--for <time>", "how long the simulation runs: 90d, 3y", parseDuration)
    .action((vm: string | undefined, { every, for: length, ...options }: PreviewOptions) =>
      runLazily(parts, async () => (await import("../commands/retention-preview.ts")).runRetentionPreview, {
        ...options,
        vm,
        ...(every === undefined ? {} : { everyMs: every }),
        ...(length === undefined ? {} : { forMs: length }),
      }),
    );
}

type PreviewOptions = Omit<RetentionPreviewInput, "vm" | "everyMs" | "forMs"> & {
  readonly every?: number;
  readonly for?: number;
};
