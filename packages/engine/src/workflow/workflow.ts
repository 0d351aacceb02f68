import type { Clock, Random } from "@holdfast/kernel";
import type { PointStore } from "../ports/point-store.ts";
import type { Records } from "../ports/records.ts";
import type { Stamp } from "../ports/stamp.ts";

/** What a workflow says while it works. Enough for a rate and a time left: bytes are of the named phase. */
export interface ProgressEvent {
  readonly phase: string;
  /** The disk or object that the event is about. */
  readonly subject?: string;
  readonly doneBytes?: number;
  readonly totalBytes?: number;
  readonly storedBytes?: number;
  /** How long one slow platform operation has been under way. */
  readonly waitedMs?: number;
  /** One sentence for the user: the reason of a full read, a fallback, a clean-up that failed. */
  readonly message?: string;
  readonly severity?: "note" | "warning";
}

export interface WorkflowOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (event: ProgressEvent) => void;
}

/** What workflows that only ask a stamp stand on. */
export interface StampDeps {
  readonly stamp: Stamp;
  readonly records: Records;
  readonly clock: Clock;
  readonly random: Random;
}

/** What workflows that touch points stand on. */
export interface EngineDeps extends StampDeps {
  readonly points: PointStore;
  /**
   * Identity of this installation, written in a tag on all that it makes. Without one, the janitor trusts its ledger
   * alone and never looks at tags.
   */
  readonly owner?: string;
}

/** Tags on all that Holdfast makes on a stamp. */
export const tagNames = { owner: "holdfast:owner", run: "holdfast:run", disk: "holdfast:disk" } as const;

/** The call options of a workflow: its signal, if it has one. */
export function callOptions(options: { readonly signal?: AbortSignal }): { readonly signal?: AbortSignal } {
  return options.signal === undefined ? {} : { signal: options.signal };
}

export function tagsOf(deps: { readonly owner?: string }, runId: string): Record<string, string> {
  return { ...(deps.owner === undefined ? {} : { [tagNames.owner]: deps.owner }), [tagNames.run]: runId };
}
