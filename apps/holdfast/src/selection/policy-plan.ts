import { createHash } from "node:crypto";
import type { AppliedPolicies, Catalog } from "@holdfast/catalog";
import {
  comparePolicies,
  compilePolicies,
  createOpenTimes,
  firstFullBytes,
  forecastOnboarding,
  isCaptured,
  joinObjectives,
  judgePolicies,
  noDecisions,
  noPolicies,
  placedVmKey,
  placedVms,
  predictGrowth,
  predictPolicies,
  problemOfRetention,
  recordOfDecisions,
} from "@holdfast/domain";
import type {
  CompiledPolicies,
  Figure,
  Finding,
  ForecastWave,
  Inventory,
  LeftOutVm,
  Policy,
  PolicyPrediction,
  PolicySet,
  RecoveryPoint,
  Tolerance,
  VmChange,
  VmLoad,
  WorkRates,
} from "@holdfast/domain";
import { readPolicyText } from "../policy-file/read-policy-file.ts";
import { instanceKey } from "./retention-options.ts";
import { loadOf, ratesOf, usualConditions } from "./work-figures.ts";
import type { FigureOptions } from "./work-figures.ts";

const [dayMs, yearMs] = [86_400_000, 365 * 86_400_000];
/** The longest that a wave of first captures may take where work may always begin. */
const maxWaveMs = 8 * 3_600_000;
const maxVmsPerWave = 100;

/** What a policy file would change, with the digest that `apply` takes. Bytes and milliseconds. */
export interface PolicyPlan {
  /** Over the file and all that it would change. */
  readonly digest: string;
  /** The entry that holds now; 0 for none. */
  readonly after: number;
  readonly isChange: boolean;
  readonly isBlocked: boolean;
  readonly vmCount: number;
  /** VMs that are captured; one that waits for an agent is not. */
  readonly protectedCount: number;
  readonly unclassifiedCount: number;
  readonly changes: readonly VmChange[];
  /** Applications of which a VM leaves its policy or is captured no more. */
  readonly needsConsent: readonly string[];
  readonly leftOut: readonly Omit<LeftOutVm, "placed">[];
  readonly firstFullBytes: Figure;
  readonly waves: readonly ForecastWave[];
  readonly storedAfterAYear: { readonly before: Figure | null; readonly after: Figure | null };
  readonly predictions: readonly {
    readonly application: string;
    readonly before: Omit<PolicyPrediction, "application" | "findings"> | null;
    readonly after: Omit<PolicyPrediction, "application" | "findings">;
  }[];
  readonly findings: readonly Finding[];
}

export interface PlanGround {
  readonly inventories: readonly Inventory[];
  readonly points: readonly RecoveryPoint[];
  readonly applied: AppliedPolicies | null;
  /** What owners signed or entered, by application. */
  readonly recorded: ReadonlyMap<string, Tolerance>;
  readonly nowMs: number;
}

/** Gathers what a plan stands on. */
export async function loadPlanGround(
  catalog: Catalog,
  inventories: readonly Inventory[],
  { points, nowMs }: Pick<PlanGround, "points" | "nowMs">,
): Promise<PlanGround> {
  const recorded = new Map<string, Tolerance>();
  for (const [name, decisions] of await catalog.loadDecisions()) {
    const { objectives } = recordOfDecisions(decisions ?? noDecisions);
    if (objectives !== undefined) recorded.set(name, objectives);
  }
  return { inventories, points, applied: await catalog.loadPolicies(), recorded, nowMs };
}

/** Says what a file would change. Pure but for the digest: the same ground gives the same plan. */
export function planPolicies(text: string, fileName: string, ground: PlanGround, figures: FigureOptions): PolicyPlan {
  const { inventories, applied, nowMs } = ground;
  const wanted = readPolicyText(text, fileName);
  const held = applied === null ? noPolicies : readPolicyText(applied.text, applied.fileName);
  const [before, after] = [compilePolicies(held, inventories, nowMs), compilePolicies(wanted, inventories, nowMs)];
  const { vms: changes, needsConsent } = comparePolicies(before, after);
  const terms = loadsAndRates(ground, figures);
  const predicted = { before: predict(before, held, ground, terms), after: predict(after, wanted, ground, terms) };
  const findings = [
    ...judgePolicies(wanted, nowMs),
    ...after.findings,
    ...objectiveFindings(wanted, ground),
    ...agentFindings(after),
    ...predicted.after.flatMap((one) => one.findings),
  ];
  const wasCaptured = new Set(before.protectedVms.filter(isCaptured).map(({ key }) => key));
  const newKeys = after.protectedVms.filter((vm) => isCaptured(vm) && !wasCaptured.has(vm.key)).map(({ key }) => key);
  const number = applied?.number ?? 0;
  const isChange = applied?.text !== text;
  return {
    digest: digestOf([number, text, changes, needsConsent]),
    after: number,
    isChange,
    isBlocked: findings.some(({ severity }) => severity === "blocks"),
    vmCount: placedVms(inventories).length,
    protectedCount: after.protectedVms.filter(isCaptured).length,
    unclassifiedCount: after.unclassified.length,
    changes,
    needsConsent,
    leftOut: after.leftOut.map(({ placed: _placed, ...one }) => one),
    firstFullBytes: firstFullBytes(newKeys, terms.loads),
    waves: wavesOf(after, new Set(newKeys), wanted, terms),
    storedAfterAYear: { before: storedAfterAYear(before, terms, nowMs), after: storedAfterAYear(after, terms, nowMs) },
    predictions: predicted.after.map(({ application, lossMs, recoveryMs }) => {
      const was = predicted.before.find((one) => one.application === application);
      return {
        application,
        before: was === undefined ? null : { lossMs: was.lossMs, recoveryMs: was.recoveryMs },
        after: { lossMs, recoveryMs },
      };
    }),
    findings,
  };
}

interface Terms {
  readonly loads: ReadonlyMap<string, VmLoad & { readonly allocatedBytes: Figure }>;
  readonly rates: WorkRates;
  readonly nowMs: number;
}

function loadsAndRates({ inventories, points, nowMs }: PlanGround, figures: FigureOptions): Terms {
  const pointsOf = Map.groupBy(points, instanceKey);
  const loads = placedVms(inventories).map((placed) => {
    const key = placedVmKey(placed);
    return [key, loadOf(placed, pointsOf.get(key) ?? [], figures)] as const;
  });
  return { loads: new Map(loads), rates: ratesOf(points, figures), nowMs };
}

function toleranceOf(name: string, set: PolicySet, { recorded }: PlanGround): Tolerance | null {
  const own = set.applications.find((one) => one.name === name)?.tolerance ?? null;
  const entered = recorded.get(name) ?? null;
  if (own === null || entered === null) return own ?? entered;
  return { rtoMs: Math.min(own.rtoMs, entered.rtoMs), rpoMs: Math.min(own.rpoMs, entered.rpoMs) };
}

function predict(
  compiled: CompiledPolicies,
  set: PolicySet,
  ground: PlanGround,
  { loads, rates }: Terms,
): readonly PolicyPrediction[] {
  const tolerances = new Map<string, Tolerance>();
  for (const { name } of set.applications) {
    const tolerance = toleranceOf(name, set, ground);
    if (tolerance !== null) tolerances.set(name, tolerance);
  }
  const slots = { value: set.slotsPerStamp, provenance: "measured", source: "the policy file" } as const;
  const { publishMs, fixedPhases } = usualConditions(rates);
  return predictPolicies(compiled, {
    loads,
    rates: { ...rates, slots },
    publishMs,
    fixedPhases,
    tolerances,
    nowMs: ground.nowMs,
  });
}

function objectiveFindings(set: PolicySet, { recorded }: PlanGround): readonly Finding[] {
  const asObjectives = (tolerance: Tolerance) => ({
    ...tolerance,
    retention: { last: 1, timeZone: "UTC" },
    consistency: "crash" as const,
    owner: "",
    signOff: null,
    reviewByMs: 0,
  });
  return set.applications.flatMap(({ name, tolerance }) => {
    const entered = recorded.get(name);
    if (tolerance === null || entered === undefined) return [];
    return joinObjectives(name, { recorded: asObjectives(entered), policy: asObjectives(tolerance) }).findings;
  });
}

/** There is no agent in this release: a VM that needs one is told of, and not taken for protected. */
function agentFindings({ protectedVms }: CompiledPolicies): readonly Finding[] {
  const needing = Map.groupBy(
    protectedVms.filter((vm) => !isCaptured(vm)),
    ({ application }) => application,
  );
  return [...needing].map(([application, vms]) => ({
    kind: "way-not-available",
    severity: "warns" as const,
    subject: application,
    message: `${vms.length} VMs need ${vms[0]!.way === "agent" ? "the agent in the guest" : "protection by the application"}, which this release does not have: ${vms[0]!.reasons.join(", ")}`,
    advice: "Allow snapshots of running VMs in the policy, or protect what they hold by other means.",
  }));
}

function wavesOf(after: CompiledPolicies, isNew: ReadonlySet<string>, set: PolicySet, { loads, rates, nowMs }: Terms) {
  const byPolicy = Map.groupBy(
    after.protectedVms.filter(({ key }) => isNew.has(key)),
    ({ policy }) => policy,
  );
  return [...byPolicy].flatMap(([policy, vms]) =>
    forecastOnboarding(
      vms.map(({ key, placed, priority }) => ({
        stampName: placed.stampName,
        vmKey: key,
        priority,
        readBytes: loads.get(key)?.allocatedBytes.value ?? 0,
      })),
      {
        limits: {
          slots: set.slotsPerStamp,
          captureRate: rates.captureRate.value,
          linkRate: rates.link?.value ?? null,
          storedRatio: rates.storedRatio.value,
          maxVms: maxVmsPerWave,
        },
        open: createOpenTimes(policy.calendar),
        nowMs,
        maxWaveMs,
      },
    ),
  );
}

/** What all repositories together hold after a year of a set of policies; null where nothing is protected. */
function storedAfterAYear({ protectedVms }: CompiledPolicies, { loads, rates }: Terms, nowMs: number): Figure | null {
  const captured = Map.groupBy(protectedVms.filter(isCaptured), ({ policy }) => policy);
  // Rules that keep nothing block the plan anyway. Asked for each policy, since each answer makes a calendar.
  const byPolicy = [...captured].filter(([policy]) => problemOfRetention(policy.retention) === null);
  if (byPolicy.length === 0) return null;
  const figures = byPolicy.map(([policy, vms]) =>
    growthOf(
      policy,
      vms.map(({ key }) => loads.get(key)!),
      rates,
      nowMs,
    ),
  );
  return { ...figures[0]!, value: figures.reduce((sum, { value }) => sum + value, 0) };
}

function growthOf(
  policy: Policy,
  loads: readonly (VmLoad & { readonly allocatedBytes: Figure })[],
  rates: WorkRates,
  nowMs: number,
): Figure {
  const sum = (pick: (load: (typeof loads)[number]) => Figure): Figure => ({
    ...pick(loads[0]!),
    value: loads.reduce((total, load) => total + pick(load).value, 0),
  });
  const perSecond = sum((load) => load.changedBytesPerSecond);
  return predictGrowth({
    allocatedBytes: sum((load) => load.allocatedBytes),
    changedBytesPerDay: { ...perSecond, value: (perSecond.value * dayMs) / 1000 },
    fullRatio: rates.storedRatio,
    changeRatio: rates.storedRatio,
    rules: policy.retention,
    everyMs: policy.intervalMs,
    firstAtMs: nowMs,
    forMs: yearMs,
  }).storedBytes;
}

function digestOf(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 16);
}
