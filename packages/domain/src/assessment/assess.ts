import type { Application, PlacedVm } from "../applications/application.ts";
import { placedVmKey, placedVms } from "../applications/application.ts";
import { classifyVms } from "../applications/classify-vms.ts";
import type { Finding } from "../findings/finding.ts";
import type { Inventory } from "../inventory/inventory.ts";
import type { Objectives } from "../objectives/objectives.ts";
import type { Place } from "../objectives/scenario.ts";
import type { VmLoad } from "../physics/application-load.ts";
import { assessApplication } from "./assess-application.ts";
import type { ApplicationAssessment } from "./assess-application.ts";
import { factsFromTags, usualFactTags } from "./facts-from-tags.ts";
import type { FactTags } from "./facts-from-tags.ts";
import { predictBackup } from "./predict-backup.ts";
import type { BackupConditions, BackupPrediction } from "./predict-backup.ts";
import type { ApplicationFacts, ProtectionOption, TimedRedeployment, Waiver } from "./protection-option.ts";
import type { OptionReach } from "./recommend-option.ts";

/** What was entered for one application; all of it may be missing. */
export interface ApplicationRecord {
  readonly objectives?: Objectives;
  /** What was said outweighs what tags say. */
  readonly facts?: Partial<ApplicationFacts>;
  readonly waiver?: Waiver;
  readonly redeployments?: readonly TimedRedeployment[];
  readonly reach?: Readonly<Partial<Record<ProtectionOption, OptionReach>>>;
}

export interface AssessInput {
  readonly inventories: readonly Inventory[];
  readonly applications: readonly Application[];
  /** By application's name. */
  readonly records: ReadonlyMap<string, ApplicationRecord>;
  readonly targets: readonly Place[];
  /** Site of a stamp by its name in lower case. */
  readonly siteOfStamp: ReadonlyMap<string, string>;
  /** Names, in lower case, of stamps that may be cut off from the outside. */
  readonly disconnectedStamps: ReadonlySet<string>;
  readonly factTags?: FactTags;
  /** Loads by key of the VM, and what a backup would run with; the usual reach is taken without them. */
  readonly physics?: { readonly loads: ReadonlyMap<string, VmLoad>; readonly conditions: BackupConditions };
  readonly nowMs: number;
}

/** The state of protection that inventory and objectives call for. */
export interface Assessment {
  readonly vmCount: number;
  /** Stands at the front of every report. */
  readonly unclassifiedCount: number;
  readonly unclassified: readonly { readonly stampName: string; readonly vmId: string; readonly name: string }[];
  /** Most important first. */
  readonly applications: readonly ApplicationAssessment[];
  /** What belongs to no single application's assessment. */
  readonly findings: readonly Finding[];
}

/** Assesses all VMs of all stamps. Pure: the same facts give the same report. */
export function assess(input: AssessInput): Assessment {
  const vms = placedVms(input.inventories);
  const classification = classifyVms(input.applications, vms);
  const ordered = classification.applications.toSorted(
    (a, b) => a.application.priority - b.application.priority || (a.application.name < b.application.name ? -1 : 1),
  );
  return {
    vmCount: vms.length,
    unclassifiedCount: classification.unclassified.length,
    unclassified: classification.unclassified.map(({ stampName, vm }) => ({ stampName, vmId: vm.id, name: vm.name })),
    applications: ordered.map((one) => assessOne(one, input)),
    findings: [...classification.findings, ...input.inventories.flatMap(scaleSetFindings)],
  };
}

function assessOne(
  { application, members }: ReturnType<typeof classifyVms>["applications"][number],
  input: AssessInput,
): ApplicationAssessment {
  const record = input.records.get(application.name) ?? {};
  const factTags = input.factTags ?? usualFactTags;
  const backup = predictionOf(application.name, members, record.objectives, input);
  const assessment = assessApplication({
    application,
    members,
    inventories: input.inventories,
    objectives: record.objectives ?? null,
    facts: {
      consistency: record.objectives?.consistency ?? "crash",
      allowsRunningSnapshots: false,
      captureExceptions: new Map(),
      ...factsFromTags(members, factTags),
      ...record.facts,
    },
    factTags,
    waiver: record.waiver ?? null,
    redeployments: record.redeployments ?? [],
    targets: input.targets,
    siteOfStamp: input.siteOfStamp,
    stampNames: input.inventories.map(({ stampName }) => stampName),
    mayBeDisconnected: members.some(({ stampName }) => input.disconnectedStamps.has(stampName.toLowerCase())),
    reach: { ...(backup === null ? {} : { "backup-restore": backup.reach }), ...record.reach },
    nowMs: input.nowMs,
  });
  // What is left without protection on purpose needs no prediction.
  if (backup === null || assessment.isWaived || assessment.recommendation?.option === "none") return assessment;
  return { ...assessment, findings: [...assessment.findings, ...backup.findings] };
}

/** Null where objectives, or the load of a VM, are not known. */
function predictionOf(
  name: string,
  members: readonly PlacedVm[],
  objectives: Objectives | undefined,
  { physics }: AssessInput,
): BackupPrediction | null {
  if (physics === undefined || objectives === undefined || members.length === 0) return null;
  const loads = members.map((placed) => physics.loads.get(placedVmKey(placed))).filter((load) => load !== undefined);
  return loads.length < members.length ? null : predictBackup(name, loads, physics.conditions, objectives);
}

function scaleSetFindings({ stampName, scaleSets }: Inventory): readonly Finding[] {
  return scaleSets.map(({ name, capacity }) => ({
    kind: "scale-set-not-captured",
    severity: "notes",
    subject: `${stampName} ${name}`,
    message: `the ${capacity} instances of the scale set are not captured at VM level`,
    advice: "Keep its image and its template, and protect what state it holds by the application.",
  }));
}
