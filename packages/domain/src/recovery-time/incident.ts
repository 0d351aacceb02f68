import { HoldfastError, formatInstant } from "@holdfast/kernel";
import type { Scenario } from "../objectives/scenario.ts";

/** What ends one phase of a recovery and begins the next, in order. */
export const milestones = ["detected", "decided", "restored", "booted", "ready"] as const;
export type Milestone = (typeof milestones)[number];

/** A real disaster, a drill on a stamp, or a proof whose VM started on loopback. They are never counted together. */
export type RecoveryKind = "incident" | "stamp-drill" | "loopback-proof";

/** How an incident ended. Only what was recovered has a recovery time: nothing else may make an MTTR look better. */
export type IncidentOutcome = "recovered" | "false-alarm" | "given-up";

/** One outage of one application, from the start of the disaster. Times in milliseconds since the epoch. */
export interface Incident {
  readonly id: string;
  readonly application: string;
  readonly scenario: Scenario;
  readonly kind: RecoveryKind;
  /** When the disaster began: before anybody knew. */
  readonly startedAtMs: number;
  readonly openedAtMs: number;
  readonly declared: { readonly by: string; readonly atMs: number } | null;
  readonly reached: Readonly<Partial<Record<Milestone, number>>>;
  readonly closedAtMs: number | null;
  /** Null until it is closed. */
  readonly outcome: IncidentOutcome | null;
}

export type IncidentEvent =
  | { readonly kind: "declared"; readonly by: string; readonly atMs: number }
  | { readonly kind: "reached"; readonly milestone: Milestone; readonly atMs: number }
  | { readonly kind: "closed"; readonly outcome: IncidentOutcome; readonly atMs: number };

/** Opens an incident. Raises `domain.incident.out-of-order` where the disaster began after it was opened. */
export function openIncident(
  init: Pick<Incident, "id" | "application" | "scenario" | "kind" | "startedAtMs" | "openedAtMs">,
): Incident {
  const opened: Incident = { ...init, declared: null, reached: {}, closedAtMs: null, outcome: null };
  refuseBefore(opened, "was opened", init.openedAtMs, init.startedAtMs);
  // Who opens an incident has detected it. A later mark of an earlier detection replaces this.
  return { ...opened, reached: { detected: init.openedAtMs } };
}

/**
 * Answers the incident after an event. Declaring it is the decision, so it marks that as well. Milestones may be entered
 * late and out of turn, but not at times that contradict the others. Raises `domain.incident.closed` and
 * `domain.incident.out-of-order`.
 */
export function applyIncidentEvent(incident: Incident, event: IncidentEvent): Incident {
  if (incident.closedAtMs !== null)
    throw new HoldfastError({
      code: "domain.incident.closed",
      message: `incident ${incident.id} was closed ${formatInstant(incident.closedAtMs)}`,
      advice: "Open another incident for what came after.",
      details: { incident: incident.id },
    });
  switch (event.kind) {
    case "declared": {
      const declared = { ...incident, declared: { by: event.by, atMs: event.atMs } };
      return reach(declared, "decided", event.atMs);
    }
    case "reached":
      return reach(incident, event.milestone, event.atMs);
    case "closed": {
      const latestMs = Math.max(incident.openedAtMs, ...Object.values(incident.reached));
      refuseBefore(incident, "was closed", event.atMs, latestMs);
      return { ...incident, closedAtMs: event.atMs, outcome: event.outcome };
    }
  }
}

function reach(incident: Incident, milestone: Milestone, atMs: number): Incident {
  const at = milestones.indexOf(milestone);
  const earlier = milestones.slice(0, at).map((one) => incident.reached[one] ?? incident.startedAtMs);
  const later = milestones.slice(at + 1).map((one) => incident.reached[one] ?? Infinity);
  refuseBefore(incident, `was ${milestone}`, atMs, Math.max(incident.startedAtMs, ...earlier));
  const nextMs = Math.min(Infinity, ...later);
  if (Number.isFinite(nextMs)) refuseBefore(incident, `went on after it was ${milestone}`, nextMs, atMs);
  return { ...incident, reached: { ...incident.reached, [milestone]: atMs } };
}

function refuseBefore({ id }: Incident, what: string, atMs: number, earliestMs: number): void {
  if (atMs >= earliestMs) return;
  throw new HoldfastError({
    code: "domain.incident.out-of-order",
    message: `incident ${id} ${what} ${formatInstant(atMs)}, which is before ${formatInstant(earliestMs)}`,
    advice: "Check the time given, and the clocks of the machines that it was read from.",
    details: { incident: id, atMs, earliestMs },
  });
}
