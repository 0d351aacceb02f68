import type { Consistency } from "../recovery-point/recovery-point.ts";

/** The ways to protect an application, from the cheapest to the dearest. */
export type ProtectionOption = "none" | "backup-restore" | "replication-manual-failover" | "high-availability";

export const protectionOptions: readonly ProtectionOption[] = [
  "none",
  "backup-restore",
  "replication-manual-failover",
  "high-availability",
];

/** How one VM's data is captured, where it is. */
export type CaptureWay = "agentless" | "agent" | "application-level" | "not-captured";

/** What its owner has said of an application, where the inventory cannot tell. */
export interface ApplicationFacts {
  /** Absent where nobody has said. */
  readonly state?: "stateless" | "redeployable" | "stateful";
  readonly environment?: "production" | "development";
  /** Consistency that its points need. */
  readonly consistency: Consistency;
  /** Whether the policy allows snapshots of running VMs; the platform warns that they may slow a guest. */
  readonly allowsRunningSnapshots: boolean;
  /** Members of sets that are captured at VM level all the same, such as a pair of domain controllers: reason by VM key. */
  readonly captureExceptions: ReadonlyMap<string, string>;
}

/** An owner's word that an application has no protection. It ends. */
export interface Waiver {
  readonly reason: string;
  readonly owner: string;
  readonly expiresAtMs: number;
}

/** A redeployment by a pipeline that was tried and timed. */
export interface TimedRedeployment {
  readonly atMs: number;
  readonly durationMs: number;
  /** Whether the pipeline was reached without any connection out of the site. */
  readonly wasWithoutUplink: boolean;
}
