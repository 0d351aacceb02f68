import { disruptionKinds, recoveriesOf, recoveryKinds, recoveryPhases } from "@holdfast/domain";
import type { ApplicationRecoveries, DurationSummary, RecoveryKind } from "@holdfast/domain";
import { formatDuration } from "@holdfast/kernel";
import type { CommandHandler } from "../cli/context.ts";
import { exitCodes } from "../cli/exit-codes.ts";
import { formatFindings } from "../cli/finding-text.ts";
import { formatTable } from "../cli/table.ts";
import { knownRecords } from "../selection/known-records.ts";
import { loadInventories } from "./vms.ts";

export interface MttrInput {
  readonly application: string | undefined;
  readonly applicationTag: string;
}

/** MTTR of each application from incidents, and apart from drills and proofs; answers 20 where one is over its RTO. */
export const runMttr: CommandHandler<MttrInput> = async ({ application, applicationTag }, { services, output }) => {
  await using catalog = await services.openCatalog();
  const nowMs = services.clock.now();
  const incidents = (await catalog.listIncidents()).filter(
    (one) => application === undefined || one.application === application,
  );
  const { records } = await knownRecords(catalog, await loadInventories(catalog), { tag: applicationTag, nowMs });
  const names = [...new Set(incidents.map((one) => one.application))].toSorted();
  const recoveries = names.map((name) =>
    recoveriesOf(name, incidents, { objectives: records.get(name)?.objectives ?? null, nowMs }),
  );
  output.result(recoveries, () =>
    recoveries.length === 0
      ? "No incident, drill or proof is on record: nothing is known of recovery times."
      : recoveries.map(describeRecoveries).join("\n"),
  );
  const isBreached = recoveries.some(({ findings }) => findings.some(({ kind }) => disruptionKinds.has(kind)));
  return isBreached ? exitCodes.breached : exitCodes.ok;
};

const names: Readonly<Record<RecoveryKind, string>> = {
  incident: "incidents",
  "stamp-drill": "drills on stamps",
  "loopback-proof": "proofs on loopback",
};

function describeRecoveries({ application, rtoMs, kinds, findings }: ApplicationRecoveries): string {
  const rows = recoveryKinds.flatMap((kind) => {
    const { recovery, phases } = kinds[kind];
    if (recovery === null) return [];
    return [
      summaryRow(names[kind], recovery),
      ...recoveryPhases.flatMap((phase) => {
        const summary = phases[phase];
        return summary === undefined ? [] : [summaryRow(`  ${phase}`, summary)];
      }),
    ];
  });
  const tolerated = rtoMs === null ? "no RTO is known" : `RTO ${formatDuration(rtoMs)}`;
  const table = rows.length === 0 ? "  none has ended\n" : formatTable(["", "N", "MEAN", "P50", "P95", "MAX"], rows);
  return `${application}: ${tolerated}\n${table}${formatFindings(findings)}`;
}

function summaryRow(name: string, { sampleSize, meanMs, p50Ms, p95Ms, maxMs }: DurationSummary): string[] {
  return [name, String(sampleSize), ...[meanMs, p50Ms, p95Ms, maxMs].map(formatDuration)];
}
