import type { Command } from "commander";
import { parsePercent } from "../cli/number.ts";
import { parseCount, parseDuration } from "../cli/duration.ts";
import type { DeletePointsInput } from "../commands/points-delete.ts";
import type { OnePointInput } from "../commands/points-keep.ts";
import type { PruneInput } from "../commands/prune.ts";
import type { RepositoryOptions } from "../commands/repository-session.ts";
import { defineCommand, runLazily } from "./define.ts";
import type { ProgramParts } from "./define.ts";
import { withRepository } from "./repository-options.ts";
import { withRetention } from "./retention-commands.ts";

/** The commands below `points` that delete, bring back and hold. */
export function addDeletionCommands(points: Command, parts: ProgramParts): void {
  withRepository(
    withRetention(
      defineCommand(points, "delete [points...]", {
        description: "delete recovery points, by name or by rules of retention; shows them and asks first",
        examples: ["points delete 019a3c5e", "points delete --vm web1 --keep-daily 7 --keep-monthly 12 --plan-only"],
      }),
    ),
  )
    .option("--vm <vm>", "with rules: only the points of this VM")
    .option("--plan-only", "show what would be deleted, and stop")
    .option("--yes", "do not ask")
    .option("--consent <sentence>", "agree to a deletion that takes much: the sentence that the command asks for")
    .action((typed: readonly string[], options: Omit<DeletePointsInput, "points">) =>
      runLazily(parts, async () => (await import("../commands/points-delete.ts")).runDeletePoints, {
        ...options,
        points: typed,
      }),
    );
  withRepository(
    defineCommand(points, "deleted", {
      description: "list deleted points that can still be brought back",
      examples: ["points deleted"],
    }),
  ).action((options: RepositoryOptions) =>
    runLazily(parts, async () => (await import("../commands/points-keep.ts")).runDeletedPoints, options),
  );
  withRepository(
    defineCommand(points, "undelete <point>", {
      description: "bring a deleted point back",
      examples: ["points undelete 019a3c5e"],
    }),
  ).action((point: string, options: Omit<OnePointInput, "point">) =>
    runLazily(parts, async () => (await import("../commands/points-keep.ts")).runUndeletePoint, { ...options, point }),
  );
  addHoldCommands(points, parts);
}

function addHoldCommands(points: Command, parts: ProgramParts): void {
  withRepository(
    defineCommand(points, "hold <point>", {
      description: "keep a point from being deleted, by name or by rules, until it is released",
      examples: ["points hold 019a3c5e --why 'audit of 2026'"],
    }),
  )
    .requiredOption("--why <text>", "the reason, shown to whoever wants to delete the point")
    .action((point: string, options: Omit<OnePointInput, "point"> & { readonly why: string }) =>
      runLazily(parts, async () => (await import("../commands/points-keep.ts")).runHoldPoint, { ...options, point }),
    );
  withRepository(
    defineCommand(points, "release <point>", {
      description: "end the hold of a point",
      examples: ["points release 019a3c5e"],
    }),
  ).action((point: string, options: Omit<OnePointInput, "point">) =>
    runLazily(parts, async () => (await import("../commands/points-keep.ts")).runReleasePoint, { ...options, point }),
  );
}

export function addPruneCommand(program: Command, parts: ProgramParts): void {
  withRepository(
    defineCommand(program, "prune", {
      description: "free the space that no recovery point needs; other work may go on meanwhile",
      examples: ["prune --dry-run", "prune", "prune --watch 5m --json"],
    }),
  )
    .option("--dry-run", "say what would go and how much it frees, and change nothing")
    .option("--grace <n>", "prunes that deleted points can be brought back for (2); fewer is asked for", parseCount)
    .option(
      "--max-dead <percent>",
      "dead space to leave in packs that are needed, in percent of the repository (5); less writes more packs anew",
      parsePercent,
    )
    .option("--watch <time>", "watch silent captures for so long, then take them for dead: 5m", parseDuration)
    .option("--yes", "do not ask")
    .action(({ watch, ...options }: Omit<PruneInput, "watchMs"> & { readonly watch?: number }) =>
      runLazily(parts, async () => (await import("../commands/prune.ts")).runPruneCommand, {
        ...options,
        ...(watch === undefined ? {} : { watchMs: watch }),
      }),
    );
}
