import type { Command } from "commander";
import type { ReportRunbookInput } from "../commands/report-runbook.ts";
import { assessInput, withAssessment } from "./decision-commands.ts";
import type { AssessOptions } from "./decision-commands.ts";
import { defineCommand, runLazily } from "./define.ts";
import type { ProgramParts } from "./define.ts";
import { withRepository } from "./repository-options.ts";

interface ReportOptions extends AssessOptions {
  readonly to: string;
  readonly template?: string;
  readonly organisation?: string;
  readonly force?: boolean;
}

export function addReportCommands(program: Command, parts: ProgramParts): void {
  const report = program.command("report").description("documents to read, print and hand over");
  withReport(
    withAssessment(
      defineCommand(report, "plan", {
        description:
          "write the protection plan of all applications, for owners and auditors: objectives, options, evidence, findings, decisions",
        examples: [
          "report plan --to plan.html --organisation 'Harbour Authority'",
          "report plan --to plan.pdf --measured --template our-headings.md --stamp east",
        ],
      }),
    ),
  )
    .option("--measured", "take the points of the repository as evidence")
    .option("--template <file>", "headings, and which section goes under which; see `report template`")
    .option("--organisation <name>", "whom the plan is for")
    .action(({ to, template, organisation, force, ...options }: ReportOptions) =>
      runLazily(parts, async () => (await import("../commands/report-plan.ts")).runReportPlan, {
        ...assessInput(options),
        to,
        ...(template === undefined ? {} : { template }),
        ...(organisation === undefined ? {} : { organisation }),
        ...(force === undefined ? {} : { force }),
      }),
    );
  withReport(
    withRepository(
      defineCommand(report, "runbook <application>", {
        description:
          "write a runbook to print: people, order, addresses, steps with Holdfast and without it, where secrets lie",
        examples: ["report runbook shop --to shop.pdf --measured", "report runbook shop --to shop.html --force"],
      }),
    ),
  )
    .option("--measured", "open the repository, and name the newest point of each VM")
    .option("--application-tag <tag>", "tag whose value names the application of a VM", "application")
    .action((application: string, options: Omit<ReportRunbookInput, "application">) =>
      runLazily(parts, async () => (await import("../commands/report-runbook.ts")).runReportRunbook, {
        ...options,
        application,
      }),
    );
  defineCommand(report, "template", {
    description: "print the template of the plan, to be changed",
    examples: ["report template > our-headings.md"],
  }).action(() => runLazily(parts, async () => (await import("../commands/report-plan.ts")).runReportTemplate, {}));
}

function withReport(command: Command): Command {
  return command
    .requiredOption("--to <file>", "file to write: .html, .pdf or .md")
    .option("--force", "overwrite a file that is there");
}
