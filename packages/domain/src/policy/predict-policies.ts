import type { Figure } from "../evidence/figure.ts";
import { reckonFigure } from "../evidence/figure.ts";
import type { Finding } from "../findings/finding.ts";
import { formatDuration } from "@holdfast/kernel";
import type { Tolerance } from "../objectives/objectives.ts";
import type { VmLoad, WorkRates } from "../physics/application-load.ts";
import { predictLoss } from "../physics/predict-loss.ts";
import { predictRecovery } from "../physics/predict-recovery.ts";
import type { FixedPhase } from "../physics/predict-recovery.ts";
import { createOpenTimes } from "../schedule/open-times.ts";
import type { WorkCalendar } from "../schedule/work-calendar.ts";
import type { CompiledPolicies, ProtectedVm } from "./compile-policies.ts";

const dayMs = 86_400_000;
const weekMs = 7 * dayMs;

/** What captures and restores run with. */
export interface PredictionTerms {
  /** By key of the VM. */
  readonly loads: ReadonlyMap<string, VmLoad>;
  readonly rates: WorkRates;
  readonly publishMs: Figure;
  readonly fixedPhases: readonly FixedPhase[];
  /** By application's name; without one nothing is judged. */
  readonly tolerances: ReadonlyMap<string, Tolerance>;
  readonly nowMs: number;
}

/** What a policy gives an application by reckoning. Milliseconds; infinite where captures would never be done. */
export interface PolicyPrediction {
  readonly application: string;
  readonly lossMs: Figure;
  readonly recoveryMs: Figure;
  /** Objectives that are out of reach, with what would bring them within. */
  readonly findings: readonly Finding[];
}

/** Predicts worst loss and recovery of each application that has a protected VM, by name. */
export function predictPolicies(
  { protectedVms }: CompiledPolicies,
  terms: PredictionTerms,
): readonly PolicyPrediction[] {
  const byApplication = Map.groupBy(protectedVms, ({ application }) => application);
  return [...byApplication]
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([application, vms]) => predictOne(application, vms, terms));
}

function predictOne(application: string, members: readonly ProtectedVm[], terms: PredictionTerms): PolicyPrediction {
  const { loads, rates, publishMs, fixedPhases, tolerances, nowMs } = terms;
  const vms = members.flatMap(({ key }) => loads.get(key) ?? []);
  const tolerance = tolerances.get(application) ?? null;
  const slowest = members.reduce(
    (worst, { policy }) => (policy.intervalMs > worst.intervalMs ? policy : worst),
    members[0]!.policy,
  );
  const loss = predictLoss({
    vms,
    rates,
    rpoMs: tolerance?.rpoMs ?? Number.MAX_SAFE_INTEGER,
    intervalMs: slowest.intervalMs,
    windowMs: dailyOpeningMs(slowest.calendar, nowMs),
    publishMs,
  });
  const recovery = predictRecovery({
    vms,
    rates,
    fixedPhases,
    redeployMs: null,
    rtoMs: tolerance?.rtoMs ?? Number.MAX_SAFE_INTEGER,
  });
  const outOfReach = (name: "RPO" | "RTO", toleratedMs: number, verdict: typeof loss | typeof recovery): Finding[] =>
    verdict.severity === null
      ? []
      : [
          {
            kind: `policy-misses-${name.toLowerCase()}-by-reckoning`,
            severity: verdict.severity,
            subject: application,
            message: `the ${name} of ${formatDuration(toleratedMs)} is out of reach under ${slowest.name}: ${describe(loss.isNeverDone && name === "RPO", verdict.predictedMs)}`,
            advice: `It would be reached by: ${verdict.remedies.join("; or ")}.`,
          },
        ];
  return {
    application,
    lossMs: loss.isNeverDone ? { ...loss.predictedMs, value: Infinity } : loss.predictedMs,
    recoveryMs: recovery.predictedMs,
    findings:
      tolerance === null
        ? []
        : [...outOfReach("RPO", tolerance.rpoMs, loss), ...outOfReach("RTO", tolerance.rtoMs, recovery)],
  };
}

function describe(isNeverDone: boolean, predictedMs: Figure): string {
  if (isNeverDone) return "more changes than can be captured and sent";
  return `${formatDuration(predictedMs.value)} predicted (${predictedMs.provenance})`;
}

/** How long of a day work may begin on average over the coming week; null for always. */
function dailyOpeningMs(calendar: WorkCalendar, nowMs: number): number | null {
  if (calendar.windows.length === 0) return null;
  const open = createOpenTimes({ ...calendar, blackouts: [] }).list(nowMs, nowMs + weekMs);
  return open.reduce((sum, { start, end }) => sum + end - start, 0) / 7;
}

/** Bytes that first captures read: of the VMs given. */
export function firstFullBytes(keys: readonly string[], loads: ReadonlyMap<string, VmLoad>): Figure {
  const allocated = keys.flatMap((key) => (loads.get(key)?.disks ?? []).map(({ allocatedBytes }) => allocatedBytes));
  if (allocated.length === 0) return { value: 0, provenance: "measured", source: "no new VM" };
  return reckonFigure(
    allocated.reduce((sum, { value }) => sum + value, 0),
    allocated,
    "allocated bytes",
  );
}
