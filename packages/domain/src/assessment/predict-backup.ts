import { formatDuration } from "@holdfast/kernel";
import type { Figure } from "../evidence/figure.ts";
import type { Finding } from "../findings/finding.ts";
import type { Tolerance } from "../objectives/objectives.ts";
import type { VmLoad, WorkRates } from "../physics/application-load.ts";
import { predictLoss } from "../physics/predict-loss.ts";
import { predictRecovery } from "../physics/predict-recovery.ts";
import type { FixedPhase } from "../physics/predict-recovery.ts";
import type { OptionReach } from "./recommend-option.ts";

/** What backup and restore would run with. Spans in milliseconds. */
export interface BackupConditions {
  readonly rates: WorkRates;
  /** From one capture to the next, where the RPO does not ask for more. */
  readonly usualIntervalMs: number;
  /** No policy captures more often than this. */
  readonly shortestIntervalMs: number;
  readonly windowMs: number | null;
  readonly publishMs: Figure;
  /** Detection and decision belong here. */
  readonly fixedPhases: readonly FixedPhase[];
}

export interface BackupPrediction {
  readonly reach: OptionReach;
  /** What keeps backup and restore from the objectives, with what would make it so. */
  readonly findings: readonly Finding[];
}

/** Predicts what backup and restore would give an application, captured as often as its RPO needs. */
export function predictBackup(
  application: string,
  vms: readonly VmLoad[],
  conditions: BackupConditions,
  tolerance: Tolerance,
): BackupPrediction {
  const { usualIntervalMs, shortestIntervalMs } = conditions;
  const { rtoMs, rpoMs } = tolerance;
  const at = (intervalMs: number) => predictLoss({ ...conditions, vms, rpoMs, intervalMs });
  const wantedMs = Math.min(usualIntervalMs, at(usualIntervalMs).longestIntervalMs ?? usualIntervalMs);
  const loss = at(Math.max(shortestIntervalMs, Math.floor(wantedMs)));
  const recovery = predictRecovery({ ...conditions, vms, rtoMs, redeployMs: null });
  const findings = (["RPO", "RTO"] as const).flatMap((name): readonly Finding[] => {
    const { severity, predictedMs, remedies } = name === "RPO" ? loss : recovery;
    if (severity === null) return [];
    const isEndless = name === "RPO" && loss.isNeverDone;
    const predicted = isEndless
      ? "more changes than can be captured and sent"
      : `${formatDuration(predictedMs.value)} predicted: ${predictedMs.source}`;
    const toleratedMs = name === "RPO" ? rpoMs : rtoMs;
    return [
      {
        kind: `backup-misses-${name.toLowerCase()}`,
        severity,
        subject: application,
        message: `backup and restore does not reach the ${name} of ${formatDuration(toleratedMs)}: ${predicted} (${predictedMs.provenance})`,
        advice: `It would by: ${remedies.join("; or ")}.`,
      },
    ];
  });
  const rpo = loss.isNeverDone ? { ...loss.predictedMs, value: Infinity } : loss.predictedMs;
  return { reach: { rtoMs: recovery.predictedMs, rpoMs: rpo }, findings };
}
