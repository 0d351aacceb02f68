import type { Application } from "../applications/application.ts";
import type { Waiver } from "../assessment/protection-option.ts";
import type { Tolerance } from "../objectives/objectives.ts";
import type { Consistency } from "../recovery-point/recovery-point.ts";
import type { RetentionRules } from "../retention/decide-retention.ts";
import type { Weekday, WorkCalendar } from "../schedule/work-calendar.ts";

/** Leave to make snapshots of running VMs, which the platform warns of; somebody answers for it. */
export interface RunningSnapshotConsent {
  readonly by: string;
  readonly why: string;
}

/** A second place for points, of an age of its own. */
export interface PolicyCopy {
  readonly repository: string;
  readonly everyMs: number;
}

/** An upper bound of what captures send, at hours of the wall clock (minutes after midnight). Bytes per second. */
export interface Throttle {
  readonly days: readonly Weekday[];
  readonly from: number;
  readonly to: number;
  readonly bytesPerSecond: number;
}

/** How one tier of applications is protected. Spans in milliseconds. */
export interface Policy {
  readonly name: string;
  readonly intervalMs: number;
  readonly repository: string;
  readonly retention: RetentionRules;
  readonly consistency: Consistency;
  readonly calendar: WorkCalendar;
  readonly copies: readonly PolicyCopy[];
  readonly throttles: readonly Throttle[];
  readonly runningSnapshots: RunningSnapshotConsent | null;
  /** How often a restore of each application is tried; null for never. */
  readonly drillEveryMs: number | null;
}

/** An application as a policy file has it: under a policy, or with an owner's waiver. */
export interface PolicyApplication extends Application {
  /** Name of a policy; null where it has none. */
  readonly policy: string | null;
  readonly waiver: Waiver | null;
  readonly tolerance: Tolerance | null;
  /** Members of sets that are captured at VM level all the same: reason by `group/name` in lower case. */
  readonly captureExceptions: ReadonlyMap<string, string>;
}

/** What a policy file says, whole. */
export interface PolicySet {
  readonly policies: readonly Policy[];
  readonly applications: readonly PolicyApplication[];
  /** Captures at a time on each stamp. */
  readonly slotsPerStamp: number;
  /** Site of a stamp or repository, by name in lower case. */
  readonly sites: ReadonlyMap<string, string>;
  /** Stamps that may be cut off from the outside, in lower case. */
  readonly disconnectedStamps: ReadonlySet<string>;
}

/** Before anything was applied. */
export const noPolicies: PolicySet = {
  policies: [],
  applications: [],
  slotsPerStamp: 4,
  sites: new Map(),
  disconnectedStamps: new Set(),
};
