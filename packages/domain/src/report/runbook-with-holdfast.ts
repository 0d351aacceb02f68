import { placedVmKey } from "../applications/application.ts";
import type { PlacedVm } from "../applications/application.ts";
import type { VmOrder } from "./order-vms.ts";
import { commands, heading, notice, paragraph, steps } from "./report-document.ts";
import type { ReportBlock } from "./report-document.ts";
import type { RunbookModel } from "./runbook-model.ts";
import { shellLine } from "./shell-word.ts";

/** What to type where Holdfast runs, in order. */
export function stepsWithHoldfast(model: RunbookModel, { groups }: VmOrder): readonly ReportBlock[] {
  const { application, notes, repository } = model;
  return [
    heading(3, "4.1 Declare"),
    commands(
      shellLine("holdfast", "incident", "open", application, "--scenario", "stamp", "--started-at", "20m"),
      shellLine("holdfast", "incident", "declare", application, "--by", "NAME"),
    ),
    paragraph(
      "Scenarios are vm, disk, node, stamp, site and ransomware. The start is when the disaster began, before anybody knew.",
    ),
    notice(
      "Unreachable is not lost. Make sure that the old VMs are stopped, or can write nowhere, before new ones start.",
    ),
    heading(3, "4.2 Restore, group by group"),
    ...(repository === null
      ? [notice("No repository is known. Make it known first: holdfast repo add LOCATION --name NAME")]
      : [commands(shellLine("holdfast", "points", "--repo", repository.name))]),
    ...groups.flatMap((group, i) => [
      paragraph(`Group ${i + 1} of ${groups.length}. Look at each plan before it is done: the command asks.`),
      commands(...group.map((placed) => restoreLine(placed, model))),
    ]),
    paragraph(
      "On another stamp add --to STAMP and --subnet ID. After ransomware choose a point of before the attack, not @latest.",
    ),
    heading(3, "4.3 After the VMs run"),
    commands(
      ...["restored", "booted", "ready"].map((name) => shellLine("holdfast", "incident", "mark", application, name)),
    ),
    ...(notes.steps.length === 0
      ? [paragraph("No steps by hand are entered.")]
      : [paragraph("By hand:"), steps(notes.steps)]),
    commands(
      shellLine("holdfast", "incident", "close", application, "--outcome", "recovered"),
      shellLine("holdfast", "mttr", application),
    ),
    paragraph("The new VMs are not protected yet: discover them, and capture each."),
    commands(
      ...stampNames(groups).map((name) => shellLine("holdfast", "discover", name)),
      ...groups
        .flat()
        .map(({ vm, stampName }) =>
          shellLine("holdfast", "backup", `${vm.resourceGroup}/${vm.name}`, "--stamp", stampName),
        ),
    ),
  ];
}

function restoreLine(placed: PlacedVm, { newestPoints, repository }: RunbookModel): string {
  const { vm } = placed;
  const point = newestPoints.get(placedVmKey(placed))?.id ?? `${vm.resourceGroup}/${vm.name}@latest`;
  const repo = repository === null ? [] : ["--repo", repository.name];
  const target = ["--name", vm.name, "--resource-group", vm.resourceGroup];
  return shellLine("holdfast", "restore", "vm", point, ...repo, ...target, "--keep-addresses", "--start");
}

function stampNames(groups: VmOrder["groups"]): readonly string[] {
  return [...new Set(groups.flat().map(({ stampName }) => stampName))];
}
