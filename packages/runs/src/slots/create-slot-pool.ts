import { HoldfastError } from "@holdfast/kernel";
import type { Clock } from "@holdfast/kernel";
import { checkName, checkWhole, defaultPriority, runLimits } from "../limits.ts";
import { planGrants, rankOf } from "./plan-grants.ts";
import type { SlotTicket } from "./plan-grants.ts";
import type { SlotAnswer, SlotNeed, SlotPool, SlotRequest, SlotUse } from "./slot-pool.ts";

export interface SlotState {
  readonly capacities: ReadonlyMap<string, number>;
  readonly tickets: readonly SlotTicket[];
}

export interface SlotChange<T> {
  readonly answer: T;
  readonly capacity?: { readonly name: string; readonly capacity: number };
  readonly remove?: readonly string[];
  /** Each is added, or replaces its holder's; a new one gets the next ordinal. */
  readonly put?: readonly SlotTicket[];
}

/** What a database does for slots. */
export interface SlotStore {
  load(): Promise<SlotState>;
  /** Loads, decides, and makes the change, in one transaction beside which no other change of slots runs. */
  change<T>(decide: (state: SlotState) => SlotChange<T>): Promise<T>;
}

const longestLeaseMs = 24 * 3_600_000;
const mostNeeds = 20;

/** Slots over any database: every decision is taken here, by `planGrants`. */
export function createSlotPool({ store, clock }: { readonly store: SlotStore; readonly clock: Clock }): SlotPool {
  return {
    async setCapacity(name, capacity, options = {}) {
      options.signal?.throwIfAborted();
      checkName("the name of a slot", name);
      checkWhole("a capacity", capacity, 0, 1_000_000);
      await store.change(() => ({ answer: undefined, capacity: { name, capacity } }));
    },
    async request(request, options = {}) {
      options.signal?.throwIfAborted();
      checkRequest(request);
      return store.change((state) => grant(request, state, clock.now()));
    },
    async release({ holder, owner }, options = {}) {
      options.signal?.throwIfAborted();
      await store.change(({ tickets }) => {
        const isMine = tickets.some((ticket) => ticket.holder === holder && ticket.owner === owner);
        return { answer: undefined, remove: isMine ? [holder] : [] };
      });
    },
    async list(options = {}) {
      options.signal?.throwIfAborted();
      const state = await store.load();
      return [...state.capacities].map(([name, capacity]) => toUse(name, capacity, state, clock.now()));
    },
  };
}

function grant(request: SlotRequest, { capacities, tickets }: SlotState, nowMs: number): SlotChange<SlotAnswer> {
  const alive = tickets.filter((ticket) => ticket.expiresAtMs > nowMs);
  const mine = alive.find((ticket) => ticket.holder === request.holder);
  if (mine === undefined) checkPossible(request, capacities);
  else if (mine.owner !== request.owner && !request.isFirst) return { answer: "taken-over" };
  else if (!isSame(mine.needs, request.needs)) throw secondTicket(request.holder);
  const ticket: SlotTicket = {
    holder: request.holder,
    owner: request.owner,
    needs: request.needs,
    rankMs: mine?.rankMs ?? rankOf(nowMs, request.priority ?? defaultPriority),
    ordinal: mine?.ordinal ?? Number.MAX_SAFE_INTEGER,
    isHeld: mine?.isHeld ?? false,
    expiresAtMs: nowMs + request.leaseMs,
  };
  const granted = planGrants([...alive.filter((other) => other !== mine), ticket], capacities);
  const isHeld = ticket.isHeld || granted.includes(ticket);
  return {
    answer: isHeld ? "held" : "waiting",
    remove: tickets.filter((other) => other.expiresAtMs <= nowMs).map(({ holder }) => holder),
    put: [
      { ...ticket, isHeld },
      ...granted.filter((other) => other !== ticket).map((other) => ({ ...other, isHeld: true })),
    ],
  };
}

function toUse(name: string, capacity: number, { tickets }: SlotState, nowMs: number): SlotUse {
  const mine = tickets.flatMap(({ needs, isHeld, expiresAtMs }) =>
    expiresAtMs <= nowMs ? [] : needs.filter((need) => need.name === name).map(({ count }) => ({ count, isHeld })),
  );
  const held = mine.filter(({ isHeld }) => isHeld).reduce((sum, { count }) => sum + count, 0);
  return { name, capacity, held, waiting: mine.filter(({ isHeld }) => !isHeld).length };
}

function isSame(left: readonly SlotNeed[], right: readonly SlotNeed[]): boolean {
  const text = (needs: readonly SlotNeed[]): string[] => needs.map(({ name, count }) => `${count} ${name}`).sort();
  return JSON.stringify(text(left)) === JSON.stringify(text(right));
}

function checkRequest({ holder, owner, needs, priority, leaseMs }: SlotRequest): void {
  checkName("the holder of slots", holder);
  checkName("the owner of slots", owner);
  checkWhole("a priority", priority ?? defaultPriority, 0, runLimits.priority);
  checkWhole("a lease in milliseconds", leaseMs, 1, longestLeaseMs);
  checkWhole("the number of names in a ticket", needs.length, 1, mostNeeds);
  checkWhole(
    "the number of different names in a ticket",
    new Set(needs.map(({ name }) => name)).size,
    needs.length,
    needs.length,
  );
  for (const { name, count } of needs) {
    checkName("the name of a slot", name);
    checkWhole("a number of slots", count, 1, 1_000_000);
  }
}

function checkPossible({ needs }: SlotRequest, capacities: ReadonlyMap<string, number>): void {
  for (const { name, count } of needs) {
    const capacity = capacities.get(name);
    if (capacity === undefined) {
      throw new HoldfastError({
        code: "runs.slots.unknown",
        message: `nobody has said how many slots ${name} has`,
        advice: "Set its capacity first.",
        kind: "bug",
        details: { name },
      });
    }
    // None at all is a pause; fewer than needed is a mistake.
    if (capacity > 0 && count > capacity) {
      throw new HoldfastError({
        code: "runs.slots.impossible",
        message: `${count} slots of ${name} are asked for, and it has ${capacity}`,
        advice: "Ask for fewer, or raise its capacity.",
        details: { name, count, capacity },
      });
    }
  }
}

function secondTicket(holder: string): HoldfastError {
  return new HoldfastError({
    code: "runs.slots.one-ticket",
    message: `${holder} has a ticket for other slots already`,
    advice: "Ask for everything at once: who waits while holding can wait in a circle.",
    kind: "bug",
    details: { holder },
  });
}
