import { describeDecision, formatDay, formatSpan, judgeObjectives, objectiveFields } from "@holdfast/domain";
import type { ApplicationDecisions } from "@holdfast/domain";
import { formatInstant } from "@holdfast/kernel";
import type { CommandHandler } from "../cli/context.ts";
import { formatFindings } from "../cli/finding-text.ts";
import { formatFields, formatTable } from "../cli/table.ts";
import { requireDecisions } from "./objectives-sign.ts";

/** Shows what holds of one application, or a line for each. */
export const runShowObjectives: CommandHandler<{ readonly application: string | undefined }> = async (
  { application },
  { services, output },
) => {
  await using catalog = await services.openCatalog();
  const nowMs = services.clock.now();
  const broken = await catalog.findBrokenRecords();
  for (const { log, subject, number } of broken)
    output.note(`The log of ${log} ${subject} was changed from outside at its entry ${number}.`);
  if (application !== undefined) {
    const decisions = await requireDecisions(catalog, application);
    const findings = decisions.objectives === null ? [] : judgeObjectives(application, decisions.objectives, nowMs);
    output.result({ application, ...decisions, findings, broken }, () =>
      [describeDecisions(application, decisions), formatFindings(findings)].join(""),
    );
    return;
  }
  const all = [...(await catalog.loadDecisions())];
  const rows = all.map(([name, decisions]) => ({ application: name, ...decisions }));
  output.result(rows, () =>
    rows.length === 0
      ? "Nothing is recorded of any application. Begin with `holdfast objectives interview`."
      : formatTable(["APPLICATION", "RTO", "RPO", "OWNER", "SIGNED", "REVIEW BY", "NONE UNTIL"], rows.map(describeRow)),
  );
};

function describeRow({
  application,
  objectives,
  waiver,
}: ApplicationDecisions & { readonly application: string }): string[] {
  const { signOff } = objectives ?? {};
  return [
    application,
    objectives === null ? "" : formatSpan(objectives.rtoMs),
    objectives === null ? "" : formatSpan(objectives.rpoMs),
    objectives?.owner ?? waiver?.owner ?? "",
    signOff === null ? "NO" : signOff === undefined ? "" : `${signOff.by}, ${formatDay(signOff.atMs)}`,
    objectives === null ? "" : formatDay(objectives.reviewByMs),
    waiver === null ? "" : formatDay(waiver.expiresAtMs),
  ];
}

function describeDecisions(application: string, decisions: ApplicationDecisions): string {
  const { objectives, waiver, redeployments, accepted, contacts, notes, number } = decisions;
  const last = redeployments.at(-1);
  const lines: (readonly [string, string])[] = [
    ...(objectives === null ? [["objectives", "none were entered"] as const] : objectiveFields(objectives)),
    ...(waiver === null
      ? []
      : ([["protection", `none until ${formatDay(waiver.expiresAtMs)}: ${waiver.reason} (${waiver.owner})`]] as const)),
    ...(last === undefined
      ? []
      : ([["redeployed", `in ${formatSpan(last.durationMs)}, ${formatInstant(last.atMs)}`]] as const)),
    ...accepted.map(
      ({ finding, owner, expiresAtMs, reason }) =>
        ["accepted", `${finding} by ${owner} until ${formatDay(expiresAtMs)}: ${reason}`] as const,
    ),
    ...contacts.map(({ name, role, reach }) => ["call", `${name} (${role}): ${reach}`] as const),
    ...(notes.dependsOn.length === 0 ? [] : ([["after", notes.dependsOn.join(", ")]] as const)),
    ...notes.startOrder.map((group, i) => [`start ${i + 1}`, group.join(", ")] as const),
    ...notes.steps.map((step, i) => [`step ${i + 1}`, step] as const),
    ...notes.secrets.map(({ what, where }) => ["secret", `${what}: ${where}`] as const),
    ["entries", String(number)],
  ];
  return `${application}\n${formatFields(lines)}`;
}

/** Lists all that was ever entered of an application, oldest first. */
export const runHistory: CommandHandler<{ readonly application: string }> = async (
  { application },
  { services, output },
) => {
  await using catalog = await services.openCatalog();
  await requireDecisions(catalog, application);
  const log = await catalog.listDecisions(application);
  const broken = (await catalog.findBrokenRecords()).filter(
    (one) => one.log === "application" && one.subject === application,
  );
  output.result({ application, entries: log, brokenEntry: broken[0]?.number ?? null }, () => {
    const rows = log.map((entry) => [
      String(entry.number),
      formatInstant(entry.atMs),
      entry.enteredBy,
      entry.kind,
      describeDecision(entry),
    ]);
    const warning =
      broken[0] === undefined ? "" : `\nThe log was changed from outside at its entry ${broken[0].number}.\n`;
    return `${formatTable(["NO", "ENTERED", "BY ACCOUNT", "WHAT", ""], rows)}${warning}`;
  });
};
