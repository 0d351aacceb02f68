import { formatInstant } from "@holdfast/kernel";
import { orderApplications } from "../applications/order-applications.ts";
import type { Finding } from "../findings/finding.ts";
import { recoveryKinds } from "../recovery-time/application-recoveries.ts";
import { formatDay, formatSpan } from "./objective-fields.ts";
import type { PlanModel, PlannedApplication } from "./plan-model.ts";
import { describeLeftOut } from "./left-out.ts";
import { list, notice, paragraph, table } from "./report-document.ts";
import type { ReportBlock } from "./report-document.ts";
import { countOf, findingRows, kindNames, signatureOf, summaryCells } from "./report-words.ts";

type PlanSection = (model: PlanModel) => readonly ReportBlock[];

/** What stands behind the title of every plan. */
export function frontBlocks(model: PlanModel): readonly ReportBlock[] {
  const { organisation, generatedAtMs, stamps, vmCount, unclassified, applications, evidenceFrom } = model;
  const unsigned = applications.filter(
    ({ objectives, waiver }) => objectives !== null && waiver === null && objectives.signOff === null,
  );
  const disruptions = applications.filter(({ recoveries }) =>
    recoveries.findings.some(({ kind }) => kind === "unacceptable-disruption"),
  );
  return [
    ...(organisation === null ? [] : [paragraph(organisation)]),
    paragraph(`State of ${formatInstant(generatedAtMs)}. Instants are in UTC.`),
    notice(
      unclassified.length === 0
        ? `Unclassified: 0 of ${countOf(vmCount, "VM")}.`
        : `Unclassified: ${unclassified.length} of ${countOf(vmCount, "VM")} without an application, and nobody has decided on their protection.`,
    ),
    list([
      `${countOf(applications.length, "application")} on ${countOf(stamps.length, "stamp")}`,
      `${unsigned.length} of them with objectives that nobody has signed`,
      `${applications.filter(({ objectives, waiver }) => objectives === null && waiver === null).length} without objectives`,
      `${disruptions.length} with a mean time to recover above the RTO: an unacceptable disruption`,
      evidenceFrom === null
        ? "no repository was asked what its points prove: worst losses are unproven here"
        : `evidence of worst losses is from the points in ${evidenceFrom}, of the last day`,
    ]),
  ];
}

/** Sections of the whole plan by name, as a template calls them. */
export const planSections: Readonly<Record<string, PlanSection>> = {
  scope: ({ stamps, repositories }) => [
    table(
      "Stamps and subscriptions",
      ["Stamp", "Subscription", "VMs", "Inventory of"],
      stamps.map((one) => [one.name, one.subscriptionId, String(one.vmCount), formatInstant(one.inventoryAtMs)]),
      "No stamp has an inventory yet.",
    ),
    table(
      "Repositories",
      ["Repository", "Location", "On stamp", "At site"],
      repositories.map(({ name, location, stampName, siteName }) => [
        name,
        location,
        stampName ?? "none",
        siteName ?? "not entered",
      ]),
      "No repository is known.",
    ),
  ],
  unclassified: ({ unclassified }) => [
    table(
      "Unclassified VMs",
      ["VM", "Stamp"],
      unclassified.map(({ name, stampName }) => [name, stampName]),
      "No VM is unclassified.",
    ),
  ],
  overview: ({ applications }) => [
    table(
      "Applications, most important first",
      ["Application", "Owner", "RTO", "RPO", "Signed", "Review by", "Option"],
      applications.map(summaryCells),
      "No application is known.",
    ),
  ],
  order: (model) => orderBlocks(model),
  findings: ({ findings, applications }) => [
    table(
      "Findings that belong to no single application",
      ["Finding", "Severity", "About", "What to do"],
      findingRows(findings),
      "Nothing was found beyond single applications.",
    ),
    table(
      "Findings of applications, counted",
      ["Application", "Block", "Warn", "Note"],
      applications.map(({ application, assessment, recoveries }) => {
        const own = [...assessment.findings, ...recoveries.findings];
        const count = (severity: Finding["severity"]): string =>
          String(own.filter((one) => one.severity === severity).length);
        return [application.name, count("blocks"), count("warns"), count("notes")];
      }),
      "No application is known.",
    ),
  ],
  "left-out": (model) => {
    const items = model.applications.flatMap((one) =>
      describeLeftOut(one).map((text) => `${one.application.name}: ${text}`),
    );
    const unclassified =
      model.unclassified.length === 0 ? [] : [`${countOf(model.unclassified.length, "VM")} without an application`];
    const all = [...unclassified, ...items];
    return [all.length === 0 ? paragraph("Nothing is left out.") : list(all)];
  },
  recoveries: ({ applications }) => [
    table(
      "Mean time to recover, against the RTO",
      ["Application", "RTO", "Recoveries", "N", "Mean", "P95", "Longest", "Verdict"],
      applications.flatMap(recoveryRows),
      "No incident, drill or proof is on record: no recovery time is proven.",
    ),
  ],
  signatures: ({ applications }) => [
    table(
      "Signatures and reviews",
      ["Application", "Owner", "Signed", "Review by", "Objectives from", "Entries in its log"],
      applications.map(({ application, objectives, source, decisions }) => [
        application.name,
        application.owner === "" ? "nobody" : application.owner,
        objectives === null ? "no objectives" : signatureOf(objectives),
        objectives === null ? "" : formatDay(objectives.reviewByMs),
        source ?? "nowhere",
        String(decisions.number),
      ]),
      "No application is known.",
    ),
    paragraph(
      "Entries in a log are numbered without a gap and bound to each other by digests; the number here shows whether entries were cut off later.",
    ),
  ],
  words: () => [
    list([
      "RTO: the longest outage that the business tolerates, from the start of the disaster",
      "RPO: the most data, as a span of time, that the business tolerates to lose",
      "worst loss: the most data that would have been lost at the worst moment of the last day; evidence",
      "recovery time: one measured recovery, from the start of the disaster to its end; MTTR is the mean of them",
      "unproven: never tried, so neither met nor missed; borne: accepted by the owner in writing",
      "measured: taken from a run; probed: asked of the stamp or the store; documented: said by the platform's documents; assumed: nobody has said so yet",
      "recorded: entered by hand, with who and when; tags: read from tags of VMs, signed by nobody; policy: from an applied policy file",
    ]),
  ],
};

function orderBlocks({ applications }: PlanModel): readonly ReportBlock[] {
  const { waves, cycles, behindCycles } = orderApplications(applications.map(({ application }) => application));
  const circles = cycles.map((names) =>
    notice(`These applications depend on themselves in a circle: ${names.join(", ")}.`),
  );
  const behind = behindCycles.length === 0 ? [] : [paragraph(`Behind a circle: ${behindCycles.join(", ")}.`)];
  const rows = waves.map((names, i) => [String(i + 1), names.join(", ")]);
  return [
    table("Order of recovery, by dependencies", ["Wave", "Applications"], rows, "No order."),
    ...circles,
    ...behind,
  ];
}

function recoveryRows({ application, recoveries }: PlannedApplication): readonly (readonly string[])[] {
  const { rtoMs, kinds, findings } = recoveries;
  return recoveryKinds.flatMap((kind) => {
    const { recovery } = kinds[kind];
    if (recovery === null) return [];
    const isOver = findings.some(
      (one) => one.kind === "unacceptable-disruption" && one.message.includes(kindNames[kind]),
    );
    const verdict = rtoMs === null ? "no RTO" : isOver ? "UNACCEPTABLE DISRUPTION" : "within the RTO";
    const spans = [recovery.meanMs, recovery.p95Ms, recovery.maxMs].map(formatSpan);
    const rto = rtoMs === null ? "nobody has said" : formatSpan(rtoMs);
    return [[application.name, rto, kindNames[kind], String(recovery.sampleSize), ...spans, verdict]];
  });
}
