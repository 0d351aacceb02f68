import type { ApplicationAssessment } from "@holdfast/domain";
import type { CommandHandler } from "../cli/context.ts";
import { exitCodes } from "../cli/exit-codes.ts";
import { formatFindings } from "../cli/finding-text.ts";
import { formatTable } from "../cli/table.ts";
import { describeAchieved } from "./achieved.ts";
import { assessKnown } from "./assess-known.ts";
import type { AssessedWorld, AssessInput, SourcedAssessment } from "./assess-known.ts";

/**
 * Recommends a protection option for each application of the last inventories, and compares what is tolerated with what the
 * points of a repository achieved. Asks no stamp and changes nothing. An RPO that is missed is told by the exit code.
 */
export const runAssess: CommandHandler<AssessInput> = async (input, context) => {
  const { services, output } = context;
  await using catalog = await services.openCatalog();
  const { assessment, achieved } = await assessKnown(catalog, input, context);
  const shown = (): string => describeAssessment(assessment, input.applicationTag);
  if (achieved === null) {
    output.result(assessment, shown);
    return;
  }
  output.result({ ...assessment, achieved }, () => [shown(), ...achieved.map(describeAchieved)].join(""));
  const isMissed = achieved.some(({ comparisons }) => comparisons.some(({ rpo }) => rpo.verdict === "missed"));
  return isMissed ? exitCodes.breached : exitCodes.ok;
};

function describeAssessment(assessment: AssessedWorld["assessment"], tag: string): string {
  const { vmCount, unclassifiedCount, unclassified, applications } = assessment;
  if (vmCount === 0) return "No VM is known. Run `holdfast discover` first.";
  const findings = [...applications.flatMap((one) => one.findings), ...assessment.findings];
  return [
    `${vmCount} VMs in ${applications.length} applications. Unclassified: ${unclassifiedCount}.\n`,
    ...(applications.length === 0 ? [`No VM has the tag ${tag}. Name another one by --application-tag.\n`] : []),
    ...(applications.length === 0 ? [] : [formatTable(head, applications.map(describeApplication))]),
    ...applications.flatMap(describeReasons),
    formatFindings(findings),
    ...(unclassifiedCount === 0
      ? []
      : [
          `\n${formatTable(
            ["UNCLASSIFIED", ""],
            unclassified.map(({ stampName, name }) => [stampName, name]),
          )}`,
        ]),
  ].join("");
}

const head = ["APPLICATION", "VMS", "OPTION", "REACHES OBJECTIVES", "CAPTURE", "OBJECTIVES FROM"];

function describeApplication(assessment: SourcedAssessment): string[] {
  const { application, vmCount, recommendation, captures, objectivesFrom } = assessment;
  const ways = [...Map.groupBy(captures, ({ way }) => way)].map(([way, of]) => `${of.length} ${way}`);
  return [
    application,
    String(vmCount),
    recommendation?.option ?? "no objectives",
    recommendation === null ? "" : recommendation.reachesObjectives ? "yes" : "NO",
    recommendation?.option === "none" ? "" : ways.join(", "),
    objectivesFrom ?? "nowhere",
  ];
}

function describeReasons({ application, recommendation }: ApplicationAssessment): readonly string[] {
  if (recommendation === null) return [];
  return [`\n${application}: ${recommendation.option}\n`, ...recommendation.reasons.map((reason) => `  ${reason}\n`)];
}
