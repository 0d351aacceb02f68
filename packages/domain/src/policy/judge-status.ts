import { formatDuration, formatInstant } from "@holdfast/kernel";
import type { Due, ScheduledVm } from "../schedule/decide-due.ts";
import { startByMs } from "../schedule/order-by-breach.ts";
import type { LeftOutVm, ProtectedVm } from "./compile-policies.ts";

/**
 * What evidence says of a promise. `breached`: data as old as its newest point would break the RPO if it were lost now.
 * `unproven`: the age is within the RPO, and nobody has tried whether the point restores. `proven` stands for a point that was.
 */
export type PromiseStatus = "breached" | "unproven" | "proven";

/** A VM as its status is judged. */
export interface WatchedVm {
  readonly vm: ProtectedVm;
  readonly scheduled: ScheduledVm;
  readonly due: Due;
  readonly isNewestProven: boolean;
  readonly lastFailure: { readonly code: string; readonly message: string } | null;
}

export interface VmStatus {
  readonly key: string;
  readonly status: PromiseStatus;
  readonly newestDataAtMs: number | null;
  /** Data that would be lost now, in milliseconds; null where there is no point: all of it. */
  readonly ageMs: number | null;
  readonly rpoMs: number;
  /** The last instant at which a capture keeps the RPO. */
  readonly startByMs: number;
  /** Why it stands so, in one sentence. */
  readonly why: string;
}

export interface ApplicationStatus {
  readonly application: string;
  /** The worst of its VMs. */
  readonly status: PromiseStatus;
  readonly vms: readonly VmStatus[];
}

/** Judges each application by its newest points, never by the end of its last run. */
export function judgeStatus(watched: readonly WatchedVm[], nowMs: number): readonly ApplicationStatus[] {
  const byApplication = Map.groupBy(watched, ({ vm }) => vm.application);
  return [...byApplication]
    .map(([application, members]) => {
      const vms = members.map((one) => judgeVm(one, nowMs));
      return { application, status: worstOf(vms), vms };
    })
    .toSorted((one, other) => rank(one.status) - rank(other.status) || (one.application < other.application ? -1 : 1));
}

/** What is left out of protection and yet belongs to an application, by the reason for it. */
export function countLeftOut(leftOut: readonly Pick<LeftOutVm, "reason">[]): ReadonlyMap<string, number> {
  return new Map([...Map.groupBy(leftOut, ({ reason }) => reason)].map(([reason, vms]) => [reason, vms.length]));
}

function judgeVm(one: WatchedVm, nowMs: number): VmStatus {
  const { scheduled, isNewestProven } = one;
  const { key, newestDataAtMs, rpoMs } = scheduled;
  const ageMs = newestDataAtMs === null ? null : Math.max(0, nowMs - newestDataAtMs);
  const isBreached = ageMs === null ? nowMs - scheduled.enrolledAtMs > rpoMs : ageMs > rpoMs;
  const status = isBreached ? "breached" : isNewestProven ? "proven" : "unproven";
  return { key, status, newestDataAtMs, ageMs, rpoMs, startByMs: startByMs(scheduled), why: explain(one, nowMs) };
}

function explain({ vm, scheduled, due, lastFailure }: WatchedVm, nowMs: number): string {
  if (vm.way !== "agentless")
    return `it is not captured: it needs ${vm.way === "agent" ? "the agent" : "protection by the application"}`;
  const failed =
    scheduled.failedInARow > 0 && lastFailure !== null
      ? `; the last ${scheduled.failedInARow} failed: ${lastFailure.message} (${lastFailure.code})`
      : "";
  if (due.isDue)
    return `a capture is due since ${formatDuration(Math.max(0, nowMs - due.turnMs))} and has not begun${failed}`;
  switch (due.why) {
    case "running":
      return `a capture is under way${failed}`;
    case "never-open":
      return "its policy leaves no time to capture in";
    case "closed":
      return `its window is closed; the next capture is at ${formatInstant(due.nextMs ?? nowMs)}${failed}`;
    case "not-yet":
      return `the next capture is at ${formatInstant(due.nextMs ?? nowMs)}${failed}`;
  }
}

const order: readonly PromiseStatus[] = ["breached", "unproven", "proven"];

function rank(status: PromiseStatus): number {
  return order.indexOf(status);
}

function worstOf(vms: readonly VmStatus[]): PromiseStatus {
  return order.find((status) => vms.some((one) => one.status === status)) ?? "unproven";
}
