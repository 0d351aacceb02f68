import type { CallOptions } from "../run-engine.ts";

export interface SlotNeed {
  /** Such as `stamp/east/snapshots`. */
  readonly name: string;
  readonly count: number;
}

export interface SlotRequest {
  /** Who asks, such as the id of a run. One holder has one ticket at a time. */
  readonly holder: string;
  /** New for each execution of the holder: what an older one still asks or gives back counts no more. */
  readonly owner: string;
  /** True at the first asking of an owner: makes a ticket of the holder's that is there its own. */
  readonly isFirst: boolean;
  readonly needs: readonly SlotNeed[];
  /** As of runs; 100 where left out. */
  readonly priority?: number;
  /** How long the ticket stands, held or waiting, without being asked for again. */
  readonly leaseMs: number;
}

/** `taken-over`: a newer owner has the ticket. */
export type SlotAnswer = "held" | "waiting" | "taken-over";

export interface SlotUse {
  readonly name: string;
  readonly capacity: number;
  readonly held: number;
  /** Tickets that wait for it. */
  readonly waiting: number;
}

/**
 * Places at shared things. Obligations, the same on every adapter:
 *
 * 1. At no time are more of a name held than its capacity was when they were granted.
 * 2. A ticket is granted whole or not at all.
 * 3. Waiting tickets go by their rank (docs/runs.md, "Slots"); one that must wait keeps later ones from the names that
 *    it needs. So each that is asked for again in time is granted at last.
 * 4. A ticket that is not asked for again within its lease is gone, and what it held with it.
 */
export interface SlotPool {
  /** Sets how many there are; 0 stops new grants. What is held stays. */
  setCapacity(name: string, capacity: number, options?: CallOptions): Promise<void>;
  /**
   * Asks, asks again, or renews: it is all the same call. Answers how the ticket stands now. Raises
   * `runs.slots.unknown`, `runs.slots.impossible`, `runs.slots.one-ticket`.
   */
  request(request: SlotRequest, options?: CallOptions): Promise<SlotAnswer>;
  /** Gives a ticket back, held or waiting; nothing where it is another owner's or there is none. */
  release(ticket: { readonly holder: string; readonly owner: string }, options?: CallOptions): Promise<void>;
  list(options?: CallOptions): Promise<readonly SlotUse[]>;
}
