import type { Command } from "commander";
import { InvalidArgumentError, Option } from "commander";
import { parseDuration } from "../cli/duration.ts";
import { gatherPair, parseNumberUpTo, parseWholeUpTo } from "../cli/number.ts";
import type { AssessInput } from "../commands/assess-known.ts";
import type { SizeCommandInput } from "../commands/size.ts";
import { defineCommand, gather, runLazily } from "./define.ts";
import type { ProgramParts } from "./define.ts";
import { withRepository } from "./repository-options.ts";
import { withRetention } from "./retention-commands.ts";

export function addDecisionCommands(program: Command, parts: ProgramParts): void {
  addAssess(program, parts);
  addSize(program, parts);
}

/** What every command takes that assesses applications. */
export function withAssessment(command: Command): Command {
  return withFigures(withRepository(command))
    .option("--dwell <time>", "how long an attacker is in unnoticed; a day is assumed", parseDuration)
    .option("--stamp <name>", "only the VMs of this stamp")
    .option("--application-tag <tag>", "tag whose value names the application of a VM", "application")
    .option("--rto <time>", "tolerated outage where nothing else says so: 30m, 4h, 1d", parseDuration)
    .option("--rpo <time>", "tolerated loss where nothing else says so", parseDuration)
    .option("--site <name=site>", "site of a stamp or repository; may be repeated", gatherPair)
    .option("--disconnected <stamp>", "stamp that may be cut off from the outside; may be repeated", gather);
}

/** The options of `withAssessment` as handlers take them. */
export function assessInput({ rto, rpo, dwell, site, disconnected, ...options }: AssessOptions): AssessInput {
  return {
    ...options,
    sites: site ?? new Map(),
    disconnected: disconnected ?? [],
    ...(rto === undefined ? {} : { rtoMs: rto }),
    ...(rpo === undefined ? {} : { rpoMs: rpo }),
    ...(dwell === undefined ? {} : { dwellMs: dwell }),
  };
}

function addAssess(program: Command, parts: ProgramParts): void {
  const command = defineCommand(program, "assess", {
    description:
      "recommend a protection option for each application of the last inventories, with reasons; changes nothing",
    examples: [
      "assess --rto 4h --rpo 1h",
      "assess --application-tag app --site east=harbour --site vault=hill --json",
      "assess --measured",
    ],
  });
  withAssessment(command)
    .option("--measured", "compare with the points of the repository; exits with 20 where an RPO is missed")
    .action((options: AssessOptions) =>
      runLazily(parts, async () => (await import("../commands/assess.ts")).runAssess, assessInput(options)),
    );
}

export type AssessOptions = Omit<AssessInput, "rtoMs" | "rpoMs" | "dwellMs" | "sites" | "disconnected"> & {
  readonly dwell?: number;
  readonly rto?: number;
  readonly rpo?: number;
  readonly site?: ReadonlyMap<string, string>;
  readonly disconnected?: readonly string[];
};

function addSize(program: Command, parts: ProgramParts): void {
  withFigures(
    withRepository(
      withRetention(
        defineCommand(program, "size", {
          description:
            "say how large protection gets: first full, waves, repository after a year, quota of the target; changes nothing",
          examples: [
            "size --link vpn-standard --window 8h",
            "size --measured --change 5",
            "size --stamp east --target west --nodes 4 --node-memory 384 --keep-daily 30 --json",
          ],
        }),
      ),
    ),
  )
    .option("--measured", "take allocated bytes, change, rate and ratio from the points of the repository")
    .option("--stamp <name>", "only the VMs of this stamp")
    .option("--target <stamp>", "ask this stamp for the sizes and quotas that it offers")
    .option("--every <time>", "time between captures; a day unless given", parseInterval)
    .option("--window <time>", "how long a wave of first captures may take; 8h unless given", parseDuration)
    .option("--wave-vms <n>", "VMs in one wave at most", parseWholeUpTo(10_000), 50)
    .option("--nodes <n>", "nodes of the target, entered by hand", parseWholeUpTo(16))
    .option("--node-memory <GiB>", "memory of each of its nodes", parseNumberUpTo(100_000))
    .action(({ every, window, ...options }: SizeOptions) =>
      runLazily(parts, async () => (await import("../commands/size.ts")).runSize, {
        ...options,
        everyMs: every ?? 86_400_000,
        windowMs: window ?? 8 * 3_600_000,
      }),
    );
}

/** Figures that are typed, in place of measured and assumed ones. */
export function withFigures(command: Command): Command {
  return command
    .addOption(
      new Option("--link <kind>", "VPN gateway on the way to the repository, as documented").choices([
        "vpn-basic",
        "vpn-standard",
        "vpn-high-performance",
      ]),
    )
    .option("--link-mbit <n>", "the same in Mbit/s, entered by hand", parseNumberUpTo(1_000_000))
    .option("--capture-rate <n>", "MB/s of one capture; 100 are assumed", parseNumberUpTo(100_000))
    .option("--slots <n>", "captures at once; 4 are assumed", parseWholeUpTo(1000))
    .option("--allocated <percent>", "part of each disk that holds data; 100 is assumed", parseNumberUpTo(100))
    .option("--change <percent>", "part of it that changes each day; 3 is assumed", parseNumberUpTo(1000))
    .option("--stored <percent>", "part of what is read that is stored; 50 is assumed", parseNumberUpTo(100));
}

/** A year of captures closer together than this is too many to play through. */
function parseInterval(typed: string): number {
  const everyMs = parseDuration(typed);
  if (everyMs >= 5 * 60_000) return everyMs;
  throw new InvalidArgumentError("Give 5m or longer.");
}

type SizeOptions = Omit<SizeCommandInput, "everyMs" | "windowMs"> & {
  readonly every?: number;
  readonly window?: number;
};
