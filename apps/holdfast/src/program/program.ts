import { Command } from "commander";
import type { CommandContext } from "../cli/context.ts";
import { addDecisionCommands } from "./decision-commands.ts";
import { addIncidentCommands } from "./incident-commands.ts";
import { addMediaCommands } from "./media-commands.ts";
import { addObjectiveCommands } from "./objective-commands.ts";
import { addPolicyCommands } from "./policy-commands.ts";
import { addPointCommands } from "./point-commands.ts";
import { addReportCommands } from "./report-commands.ts";
import { addRepositoryCommands } from "./repository-commands.ts";
import { addPruneCommand } from "./prune-commands.ts";
import { addRetentionCommands } from "./retention-commands.ts";
import { addScheduleCommands, addStatusCommand } from "./schedule-commands.ts";
import { addStampCommands } from "./stamp-commands.ts";
import { addSystemCommands } from "./system-commands.ts";
import { addVmCommands } from "./vm-commands.ts";

export const version = "0.1.0";

const exitCodeHelp = `
Exit codes:
  0 done   1 error   2 wrong usage   3 done in part   4 would change   10 not found   11 busy   12 sign-in or rights
  20 objective breached   21 damage found or nothing proven   130 interrupted

Environment:
  HOLDFAST_HOME             folder of the catalog (~/.holdfast)
  HOLDFAST_PASSPHRASE_FILE  file with the repository's passphrase
  HOLDFAST_STORE_KEY_FILE   file with the account key or SAS of a container, or the keys of a bucket
  HOLDFAST_STORE_CA_FILE    file with the authority that signed that storage's certificate`;

/** Builds the tree of commands. Nothing heavy is loaded here: each action imports what it needs. */
export function buildProgram(context: CommandContext, setExitCode: (code: number) => void): Command {
  const program = new Command("holdfast")
    .description("Protects virtual machines on Azure Stack Hub against data loss and downtime.")
    .version(version, "-V, --version", "print the version")
    .helpOption("-h, --help", "show help")
    .addHelpText("after", exitCodeHelp)
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.terminal.writeOut(text),
      writeErr: (text) => context.terminal.writeErr(text),
      // Usage errors are printed as every other error is.
      outputError: () => undefined,
      getOutHelpWidth: () => 100,
      getErrHelpWidth: () => 100,
    });
  const parts = { context, setExitCode };
  addStampCommands(program, parts);
  addVmCommands(program, parts);
  addRepositoryCommands(program, parts);
  addPointCommands(program, parts);
  addMediaCommands(program, parts);
  addRetentionCommands(program, parts);
  addPruneCommand(program, parts);
  addDecisionCommands(program, parts);
  addObjectiveCommands(program, parts);
  addIncidentCommands(program, parts);
  addReportCommands(program, parts);
  addPolicyCommands(program, parts);
  addScheduleCommands(program, parts);
  addStatusCommand(program, parts);
  addSystemCommands(program, parts);
  return program;
}
