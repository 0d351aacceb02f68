import { formatBytes, formatInstant } from "@holdfast/kernel";
import { placedVmKey } from "../applications/application.ts";
import { describeDecision } from "../decisions/describe-decision.ts";
import { impactQuestions } from "../objectives/impact-interview.ts";
import type { ImpactAnswers } from "../objectives/impact-interview.ts";
import type { ObjectiveComparison } from "../objectives/compare-objectives.ts";
import { recoveryKinds } from "../recovery-time/application-recoveries.ts";
import { recoveryPhases } from "../recovery-time/summarize-recoveries.ts";
import type { DurationSummary } from "../recovery-time/summarize-durations.ts";
import { describeLeftOut } from "./left-out.ts";
import { formatDay, formatSpan, objectiveFields } from "./objective-fields.ts";
import type { PlanModel, PlannedApplication } from "./plan-model.ts";
import { list, notice, paragraph, steps, table } from "./report-document.ts";
import type { ReportBlock } from "./report-document.ts";
import { countOf, findingRows, kindNames } from "./report-words.ts";

type ApplicationSection = (one: PlannedApplication, model: PlanModel) => readonly ReportBlock[];

/** Sections of one application by name, as a template calls them. */
export const applicationSections: Readonly<Record<string, ApplicationSection>> = {
  summary: ({ application, vms, assessment }) => [
    paragraph(
      `Owner: ${application.owner === "" ? "nobody" : application.owner}. Priority ${application.priority}. ${countOf(vms.length, "VM")}. ${
        assessment.isWaived ? "Left without protection on purpose." : ""
      }`.trim(),
    ),
  ],
  objectives: objectiveBlocks,
  option: optionBlocks,
  machines: machineBlocks,
  achieved: achievedBlocks,
  recoveries: recoveryBlocks,
  findings: ({ assessment, recoveries }) => [
    table(
      "Findings",
      ["Finding", "Severity", "About", "What to do"],
      findingRows([...assessment.findings, ...recoveries.findings]),
      "Nothing was found.",
    ),
  ],
  "left-out": (one) => {
    const items = describeLeftOut(one);
    return [items.length === 0 ? paragraph("Nothing is left out.") : list(items)];
  },
  people: ({ decisions: { contacts } }) => [
    table(
      "Whom to call",
      ["Name", "Role", "Reached by"],
      contacts.map(({ name, role, reach }) => [name, role, reach]),
      "Nobody is entered to be called.",
    ),
  ],
  decisions: ({ log }) => [
    table(
      "Who decided what, and when",
      ["No", "Entered", "By account", "What", "Detail"],
      log.map((entry) => [
        String(entry.number),
        formatInstant(entry.atMs),
        entry.enteredBy,
        entry.kind,
        describeDecision(entry),
      ]),
      "Nothing was decided on record.",
    ),
  ],
};

function objectiveBlocks({ objectives, source, decisions }: PlannedApplication): readonly ReportBlock[] {
  const { answers, objectivesReasons } = decisions;
  const asked =
    answers === null
      ? []
      : [
          table(
            "Answers of the impact interview",
            ["Question", "Answer"],
            answerRows(answers),
            "No question was answered.",
          ),
        ];
  if (objectives === null) return [...asked, notice("Nobody has said what outage and loss are tolerated.")];
  const where = {
    recorded: "recorded",
    policy: "from the policy file",
    both: "recorded, and stricter where the policy file is",
    tags: "read from tags, and signed by nobody",
  };
  return [
    ...asked,
    table(
      `Tolerated, ${source === null ? "" : where[source]}`,
      ["Objective", "Value"],
      objectiveFields(objectives),
      "",
    ),
    ...(objectivesReasons.length === 0 ? [] : [paragraph("Because:"), list(objectivesReasons)]),
  ];
}

function answerRows(answers: ImpactAnswers): readonly (readonly string[])[] {
  return impactQuestions.flatMap(({ id, text, answer }) => {
    const given = answers[id];
    if (given === undefined) return [[text, "not answered: taken cautiously"]];
    if (answer.kind === "choice")
      return [[text, answer.choices.find(({ value }) => value === given)?.text ?? String(given)]];
    return [[text, answer.kind === "duration" ? formatSpan(Number(given)) : String(given)]];
  });
}

function optionBlocks({
  assessment: { recommendation, isWaived },
  waiver,
  decisions: { redeployments },
}: PlannedApplication): readonly ReportBlock[] {
  const last = redeployments.at(-1);
  const waived =
    waiver === null
      ? []
      : [
          notice(
            `No protection, decided by ${waiver.owner} ${isWaived ? "until" : "and ended"} ${formatDay(waiver.expiresAtMs)}: ${waiver.reason}`,
          ),
        ];
  const timed =
    last === undefined
      ? []
      : [
          paragraph(
            `Last timed redeployment: ${formatSpan(last.durationMs)}, ${formatInstant(last.atMs)}, ${last.wasWithoutUplink ? "without" : "with"} a connection out of the site (measured).`,
          ),
        ];
  if (recommendation === null)
    return [...waived, ...timed, paragraph("No option can be recommended without objectives.")];
  return [
    ...waived,
    ...timed,
    paragraph(
      `Recommended: ${recommendation.option}. It ${recommendation.reachesObjectives ? "reaches the objectives, as far as is known." : "does NOT reach the objectives."}`,
    ),
    list([...recommendation.reasons, ...recommendation.needs.map((need) => `it needs ${need}`)]),
  ];
}

function machineBlocks({ vms, assessment, application, decisions }: PlannedApplication): readonly ReportBlock[] {
  const wayOf = new Map(assessment.captures.map((one) => [one.vmKey, one]));
  const rows = vms.map((placed) => {
    const { vm, stampName } = placed;
    const capture = wayOf.get(placedVmKey(placed));
    const bytes = vm.disks.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    const reasons = capture === undefined || capture.reasons.length === 0 ? "" : ` (${capture.reasons.join(", ")})`;
    return [
      vm.name,
      `${stampName}, ${vm.resourceGroup}`,
      vm.sizeName,
      vm.osType,
      `${vm.disks.length}, ${formatBytes(bytes)}`,
      `${capture?.way ?? "unknown"}${reasons}`,
    ];
  });
  const { startOrder } = decisions.notes;
  return [
    table(
      "Virtual machines",
      ["VM", "Stamp and group", "Size", "System", "Disks", "Captured"],
      rows,
      "No VM belongs to it.",
    ),
    paragraph(
      application.dependsOn.length === 0
        ? "It depends on no other application, as far as is entered."
        : `It depends on ${application.dependsOn.join(", ")}.`,
    ),
    ...(startOrder.length === 0
      ? []
      : [paragraph("Order of start:"), steps(startOrder.map((group) => group.join(", ")))]),
  ];
}

function achievedBlocks({ comparisons }: PlannedApplication, { evidenceFrom }: PlanModel): readonly ReportBlock[] {
  if (comparisons.length === 0) return [paragraph("Nothing can be compared: nobody has said what is tolerated.")];
  return [
    paragraph(
      evidenceFrom === null
        ? "No repository was asked: every worst loss is unproven here. Recovery times are measured, from incidents and drills."
        : `Worst losses are measured from the points in ${evidenceFrom} of the last day; recovery times from incidents and drills on stamps.`,
    ),
    table(
      "Tolerated against achieved",
      ["Loss of", "RPO", "Worst loss", "Lost now", "RPO is", "RTO", "Slowest recovery", "RTO is"],
      comparisons.map((one) => comparisonCells(one)),
      "",
    ),
    ...reasonBlocks(comparisons),
  ];
}

function comparisonCells({ scenario, rpo, rto }: ObjectiveComparison): readonly string[] {
  const achieved = (ms: number | null): string =>
    rpo.verdict === "unproven" ? "unproven" : ms === null ? "unbounded" : formatSpan(ms);
  const tolerated = (ms: number | null): string => (ms === null ? "borne" : formatSpan(ms));
  return [
    scenario,
    tolerated(rpo.toleratedMs),
    rpo.verdict === "borne" && rpo.achievedMs === null ? "not compared" : achieved(rpo.achievedMs),
    rpo.verdict === "borne" && rpo.ageMs === null ? "" : achieved(rpo.ageMs),
    rpo.verdict,
    tolerated(rto.toleratedMs),
    rto.achieved === null ? "unproven" : `${formatSpan(rto.achieved.maxMs)} of ${rto.achieved.sampleSize}`,
    rto.isUnacceptableDisruption ? "missed: UNACCEPTABLE DISRUPTION" : rto.verdict,
  ];
}

function reasonBlocks(comparisons: readonly ObjectiveComparison[]): readonly ReportBlock[] {
  const items = comparisons.flatMap(({ scenario, reasons }) => reasons.map((reason) => `${scenario}: ${reason}`));
  return items.length === 0 ? [] : [list(items)];
}

function recoveryBlocks({ recoveries: { rtoMs, kinds, findings } }: PlannedApplication): readonly ReportBlock[] {
  const cells = (name: string, { sampleSize, meanMs, p50Ms, p95Ms, maxMs }: DurationSummary): readonly string[] => [
    name,
    String(sampleSize),
    ...[meanMs, p50Ms, p95Ms, maxMs].map(formatSpan),
  ];
  const rows = recoveryKinds.flatMap((kind) => {
    const { recovery, phases } = kinds[kind];
    if (recovery === null) return [];
    return [
      cells(kindNames[kind], recovery),
      ...recoveryPhases.flatMap((phase) => {
        const summary = phases[phase];
        return summary === undefined ? [] : [cells(`${kindNames[kind]}: ${phase}`, summary)];
      }),
    ];
  });
  return [
    table(
      `Recovery times, measured${rtoMs === null ? "" : `; the RTO is ${formatSpan(rtoMs)}`}`,
      ["Recoveries", "N", "Mean", "P50", "P95", "Longest"],
      rows,
      "No recovery is on record: the RTO is unproven.",
    ),
    ...findings
      .filter(({ kind }) => kind === "unacceptable-disruption")
      .map(({ message }) => notice(`Unacceptable disruption: ${message}.`)),
  ];
}
