import { placedVmKey } from "../applications/application.ts";
import type { Application, PlacedVm } from "../applications/application.ts";
import type { Finding } from "../findings/finding.ts";
import type { Inventory } from "../inventory/inventory.ts";
import { judgeObjectives } from "../objectives/objectives.ts";
import type { Objectives } from "../objectives/objectives.ts";
import type { Place, SourcePlace } from "../objectives/scenario.ts";
import { decideCaptureWay } from "./decide-capture-way.ts";
import type { CaptureWayDecision } from "./decide-capture-way.ts";
import { isDomainController, usualFactTags } from "./facts-from-tags.ts";
import type { FactTags } from "./facts-from-tags.ts";
import { balancersOf, findAvailabilityGaps } from "./find-availability-gaps.ts";
import { findSharedFate } from "./find-shared-fate.ts";
import { isWaiverValid, judgeNone } from "./judge-none.ts";
import type { ApplicationFacts, ProtectionOption, TimedRedeployment, Waiver } from "./protection-option.ts";
import { recommendOption } from "./recommend-option.ts";
import type { OptionReach, OptionRecommendation } from "./recommend-option.ts";

/** All that is known of one application and decides its protection. */
export interface ApplicationInput {
  readonly application: Application;
  readonly members: readonly PlacedVm[];
  readonly inventories: readonly Inventory[];
  readonly objectives: Objectives | null;
  readonly facts: ApplicationFacts;
  readonly factTags?: FactTags;
  readonly waiver: Waiver | null;
  readonly redeployments: readonly TimedRedeployment[];
  /** Where its recovery points may lie. */
  readonly targets: readonly Place[];
  /** Site of a stamp by its name in lower case; absent where nobody has entered it. */
  readonly siteOfStamp: ReadonlyMap<string, string>;
  readonly stampNames: readonly string[];
  readonly mayBeDisconnected: boolean;
  readonly reach: Readonly<Partial<Record<ProtectionOption, OptionReach>>>;
  readonly nowMs: number;
}

export interface ApplicationAssessment {
  readonly application: string;
  readonly vmCount: number;
  /** Null without objectives: an option answers to what is tolerated. */
  readonly recommendation: OptionRecommendation | null;
  /** True where an owner's waiver stands: the application is left without protection on purpose. */
  readonly isWaived: boolean;
  readonly captures: readonly (CaptureWayDecision & { readonly vmKey: string; readonly vmName: string })[];
  readonly findings: readonly Finding[];
}

/** Assesses one application: a protection option with its reasons, how each VM is captured, and what stands in the way. */
export function assessApplication(input: ApplicationInput): ApplicationAssessment {
  const { application, members, inventories, objectives, facts, nowMs } = input;
  const { name } = application;
  const none = judgeNone({ ...input, application: name, rtoMs: objectives?.rtoMs ?? null });
  const isWaived = isWaiverValid(input.waiver, nowMs);
  const sources = [...new Set(members.map(({ stampName }) => stampName))].map((stampName) =>
    sourceOf(stampName, input),
  );
  const recommendation = recommend(input, none.reason);
  const isProtected = !isWaived && recommendation?.option !== "none";
  const captures = members.map((placed) => ({
    vmKey: placedVmKey(placed),
    vmName: placed.vm.name,
    ...decideCaptureWay(placed, facts),
  }));
  return {
    application: name,
    vmCount: members.length,
    recommendation,
    isWaived,
    captures,
    findings: [
      ...(objectives === null ? [withoutObjectives(name)] : judgeObjectives(name, objectives, nowMs)),
      ...none.findings,
      ...unreachedFindings(name, recommendation),
      ...findAvailabilityGaps(name, members, inventories),
      ...(isProtected ? findSharedFate(name, sources, input.targets) : []),
      ...(isProtected ? captures.flatMap((one) => captureFindings(name, one)) : []),
      ...(isProtected ? domainControllerFindings(input) : []),
    ],
  };
}

function recommend(input: ApplicationInput, reasonForNone: string | null): OptionRecommendation | null {
  const { objectives, members, inventories, stampNames, reach } = input;
  if (objectives === null && reasonForNone === null) return null;
  const here = new Set(members.map(({ stampName }) => stampName.toLowerCase()));
  const hasProbe = balancersOf(members, inventories).some((balancer) => balancer.hasProbe);
  const isInSet = members.some(({ vm }) => vm.availabilitySetId !== null || vm.scaleSetId !== null);
  return recommendOption({
    // Without objectives only none can be recommended, and none looks at no tolerance.
    tolerance: objectives ?? { rtoMs: 0, rpoMs: 0 },
    reasonForNone,
    reach,
    hasSecondStamp: stampNames.some((stampName) => !here.has(stampName.toLowerCase())),
    hasStandIns: members.length > 1 && hasProbe && isInSet,
  });
}

function sourceOf(stampName: string, { siteOfStamp }: ApplicationInput): SourcePlace {
  return { stampName, siteName: siteOfStamp.get(stampName.toLowerCase()) ?? null };
}

function withoutObjectives(subject: string): Finding {
  return {
    kind: "application-without-objectives",
    severity: "warns",
    subject,
    message: "nobody has said what outage and loss are tolerated",
    advice: "Answer the impact interview, and have the objectives signed.",
  };
}

function unreachedFindings(subject: string, recommendation: OptionRecommendation | null): readonly Finding[] {
  if (recommendation === null) return [];
  const { option, reachesObjectives, needs } = recommendation;
  const unreached: Finding[] = reachesObjectives
    ? []
    : [
        {
          kind: "objectives-out-of-reach",
          severity: "warns",
          subject,
          message: `no option reaches the objectives: ${recommendation.reasons.join("; ")}`,
          advice: "Ask the owner for longer objectives, or change what bounds them.",
        },
      ];
  return [
    ...unreached,
    ...needs.map((need): Finding => ({
      kind: "option-needs",
      severity: "warns",
      subject,
      message: `${option} needs ${need}`,
      advice: "Provide it, or ask the owner for longer objectives.",
    })),
  ];
}

function captureFindings(
  subject: string,
  { way, vmName, reasons }: ApplicationAssessment["captures"][number],
): readonly Finding[] {
  if (way !== "application-level") return [];
  return [
    {
      kind: "protect-at-application-level",
      severity: "warns",
      subject,
      message: `${vmName} ${reasons.join(", ")}`,
      advice: "Back its data up by the application's own means, or record why the VM is captured all the same.",
    },
  ];
}

function domainControllerFindings({ application, members, facts, factTags }: ApplicationInput): readonly Finding[] {
  const open = members.filter(
    (placed) =>
      placed.vm.availabilitySetId !== null &&
      isDomainController(placed, factTags ?? usualFactTags) &&
      !facts.captureExceptions.has(placedVmKey(placed)),
  );
  if (open.length === 0) return [];
  return [
    {
      kind: "domain-controllers-in-set",
      severity: "notes",
      subject: application.name,
      message: `${open.map(({ vm }) => vm.name).join(", ")}: domain controllers may be captured although they are members of a set`,
      advice: "Record the reason, and restore only one of them; the others follow it.",
    },
  ];
}
