import type { SlotNeed } from "./slot-pool.ts";

export interface SlotTicket {
  readonly holder: string;
  readonly owner: string;
  readonly needs: readonly SlotNeed[];
  /** Lower goes first; set once, when the ticket was first asked for. */
  readonly rankMs: number;
  /** Order of asking, where ranks are equal. */
  readonly ordinal: number;
  readonly isHeld: boolean;
  readonly expiresAtMs: number;
}

/** What one level of priority is worth in time of waiting: bounds how long anything waits behind what arrives. */
export const priorityStepMs = 10_000;

/** The rank of a ticket that is asked for now. */
export function rankOf(askedAtMs: number, priority: number): number {
  return askedAtMs + priority * priorityStepMs;
}

/**
 * Decides which waiting tickets are held from now on. In the order of their ranks, each that fits is granted; each that
 * does not sets aside what it needs, so that nothing later takes it away.
 */
export function planGrants(tickets: readonly SlotTicket[], capacities: ReadonlyMap<string, number>): SlotTicket[] {
  const free = new Map(capacities);
  const take = (needs: readonly SlotNeed[]): void => {
    for (const { name, count } of needs) free.set(name, (free.get(name) ?? 0) - count);
  };
  for (const ticket of tickets) if (ticket.isHeld) take(ticket.needs);
  const waiting = tickets.filter((ticket) => !ticket.isHeld);
  const granted: SlotTicket[] = [];
  for (const ticket of waiting.toSorted((a, b) => a.rankMs - b.rankMs || a.ordinal - b.ordinal)) {
    // A capacity that was lowered below a need must not stop everything else for ever.
    if (ticket.needs.some(({ name, count }) => count > (capacities.get(name) ?? 0))) continue;
    if (ticket.needs.every(({ name, count }) => count <= (free.get(name) ?? 0))) granted.push(ticket);
    take(ticket.needs);
  }
  return granted;
}
