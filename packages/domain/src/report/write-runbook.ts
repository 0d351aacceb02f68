import { formatBytes, formatInstant } from "@holdfast/kernel";
import { placedVmKey } from "../applications/application.ts";
import type { PlacedVm } from "../applications/application.ts";
import { milestones } from "../recovery-time/incident.ts";
import { recoveryKinds } from "../recovery-time/application-recoveries.ts";
import { formatSpan } from "./objective-fields.ts";
import { orderVms } from "./order-vms.ts";
import type { VmOrder } from "./order-vms.ts";
import { heading, list, notice, paragraph, table } from "./report-document.ts";
import type { ReportBlock, ReportDocument } from "./report-document.ts";
import { kindNames } from "./report-words.ts";
import type { RunbookModel } from "./runbook-model.ts";
import { stepsWithHoldfast } from "./runbook-with-holdfast.ts";
import { stepsWithoutHoldfast } from "./runbook-without-holdfast.ts";

/** Writes what people need to recover one application from paper, with Holdfast and without it. */
export function writeRunbook(model: RunbookModel, generator: string): ReportDocument {
  const title = `Runbook: ${model.application}`;
  const order = orderVms(model.vms, model.notes.startOrder);
  const blocks = [
    heading(1, title),
    ...front(model),
    heading(2, "1 People"),
    ...people(model),
    heading(2, "2 What is needed, and where it lies"),
    ...needs(model),
    heading(2, "3 Order and addresses"),
    ...machines(model, order),
    heading(2, "4 Steps with Holdfast"),
    ...stepsWithHoldfast(model, order),
    heading(2, "5 Steps without Holdfast"),
    ...stepsWithoutHoldfast(model, order),
    heading(2, "6 Times, by hand"),
    paragraph("MTTR is reckoned from these times: enter them by the command incident mark once Holdfast runs again."),
    table(
      "Fill in",
      ["What", "Day and time, with zone", "By whom"],
      ["the disaster began", ...milestones, "closed"].map((name) => [name, "", ""]),
      "",
    ),
  ];
  return { title, language: "en", generatedAtMs: model.generatedAtMs, generator, blocks };
}

function front({
  generatedAtMs,
  objectives,
  recoveries,
  owner,
  newestPoints,
  vms,
}: RunbookModel): readonly ReportBlock[] {
  const tolerated =
    objectives === null
      ? "Nobody has said what outage and loss are tolerated."
      : `Tolerated: an outage of ${formatSpan(objectives.rtoMs)}, a loss of ${formatSpan(objectives.rpoMs)}.`;
  const took = recoveryKinds.flatMap((kind) => {
    const { recovery } = recoveries.kinds[kind];
    return recovery === null
      ? []
      : [
          `mean of ${recovery.sampleSize} ${kindNames[kind]}: ${formatSpan(recovery.meanMs)}, longest ${formatSpan(recovery.maxMs)}`,
        ];
  });
  return [
    notice(
      `State of ${formatInstant(generatedAtMs)}. Print it again after each change, and keep it where no stamp is needed to read it.`,
    ),
    paragraph(`Owner: ${owner === "" ? "nobody is entered" : owner}. ${tolerated}`),
    took.length === 0 ? paragraph("It was never recovered on record: nobody knows how long this takes.") : list(took),
    ...(newestPoints.size === 0 && vms.length > 0
      ? [paragraph("No repository was asked for its points: choose them in the steps.")]
      : []),
  ];
}

function people({ contacts, owner }: RunbookModel): readonly ReportBlock[] {
  return [
    table(
      "Whom to call",
      ["Name", "Role", "Reached by"],
      contacts.map(({ name, role, reach }) => [name, role, reach]),
      "NOBODY IS ENTERED. Enter people by holdfast objectives contact.",
    ),
    paragraph(
      `Who may declare the disaster: ${owner === "" ? "nobody is entered as owner" : `${owner}, or who stands in for them`}. Detection and decision count against the RTO.`,
    ),
  ];
}

function needs({ notes, repository, stamps }: RunbookModel): readonly ReportBlock[] {
  const known = (name: string): string =>
    notes.secrets
      .filter(({ what }) => what.toLowerCase().includes(name))
      .map(({ where }) => where)
      .join("; ") || "NOT ENTERED: write it here by hand";
  return [
    paragraph("No secret stands here, only where each lies."),
    table(
      "Secrets",
      ["What", "Where it lies"],
      [
        ...(repository === null
          ? []
          : [
              [`passphrase of the repository ${repository.name}`, known("passphrase")],
              [`or the recovery kit of ${repository.name}: its code opens it without the passphrase`, known("kit")],
            ]),
        ...stamps.map((one) => [
          `credential of ${one.clientId} on ${one.name}`,
          `${one.credentialPath} on the machine of Holdfast; without that machine: ${known(one.name.toLowerCase())}`,
        ]),
        ...notes.secrets.map(({ what, where }) => [what, where]),
      ],
      "Nothing is known to be needed.",
    ),
    table(
      "Places",
      ["What", "Address"],
      [
        ...(repository === null ? [] : [[`repository ${repository.name}`, repository.location]]),
        ...stamps.flatMap((one) => [
          [`stamp ${one.name}, Azure Resource Manager`, one.armEndpoint],
          [`stamp ${one.name}, tenant`, one.tenant],
          ...(one.caFile === null ? [] : [[`stamp ${one.name}, certificate authority`, one.caFile]]),
        ]),
        ["reader without Holdfast", "docs/format/reference/read_holdfast.py of Holdfast; keep a copy with the kit"],
      ],
      "",
    ),
  ];
}

function machines(model: RunbookModel, { groups, hasRest, unknownNames }: VmOrder): readonly ReportBlock[] {
  const { before, newestPoints } = model;
  const rows = groups.flatMap((group, i) =>
    group.map((placed) => [
      String(i + 1),
      placed.vm.name,
      `${placed.stampName}, ${placed.vm.resourceGroup}`,
      `${placed.vm.sizeName}, ${placed.vm.osType}`,
      addressesOf(placed),
      placed.vm.disks
        .map(({ name, lun, sizeBytes }) => `${lun === null ? "os" : `lun${lun}`} ${name} ${formatBytes(sizeBytes)}`)
        .join("; "),
      describePoint(newestPoints.get(placedVmKey(placed))),
    ]),
  );
  return [
    before.length === 0
      ? paragraph("No other application has to run before, as far as is entered.")
      : notice(`These have to run before, in this order, each by its own runbook: ${before.join(", ")}.`),
    ...(unknownNames.length === 0
      ? []
      : [notice(`The order names VMs that are not there: ${unknownNames.join(", ")}.`)]),
    ...(hasRest ? [paragraph("VMs of the last number are in no order that was entered: start them last.")] : []),
    table(
      "VMs, in the order of start",
      ["No", "VM", "Stamp and group", "Size", "Addresses", "Disks", "Newest point"],
      rows,
      "No VM of it is known.",
    ),
  ];
}

function describePoint(
  point: RunbookModel["newestPoints"] extends ReadonlyMap<string, infer P> ? P | undefined : never,
): string {
  return point === undefined ? "" : `${point.id} of ${formatInstant(point.publishedAtMs)}`;
}

function addressesOf({ vm }: PlacedVm): string {
  const addresses = vm.nics.flatMap(({ ipConfigurations }) =>
    ipConfigurations.flatMap(({ privateAddress, privateAllocation, publicIp }) => [
      ...(privateAddress === null ? [] : [`${privateAddress} (${privateAllocation.toLowerCase()})`]),
      ...(publicIp === null ? [] : [publicIp.address ?? publicIp.dnsLabel ?? publicIp.id]),
    ]),
  );
  return addresses.length === 0 ? "none known" : addresses.join("; ");
}
