import fc from "fast-check";
import { SeededRandom } from "@holdfast/kernel/testing";
import { expect, test } from "vitest";
import { openMemoryRunEngine } from "../testing/memory-run-engine.ts";
import { SimulatedClock } from "../testing/simulated-clock.ts";
import { planGrants, rankOf } from "./plan-grants.ts";
import type { SlotTicket } from "./plan-grants.ts";

const names = ["stamp", "repository", "family"];
const needs = fc.uniqueArray(fc.record({ name: fc.constantFrom(...names), count: fc.integer({ min: 1, max: 3 }) }), {
  selector: (need) => need.name,
  minLength: 1,
});
const tickets = fc
  .array(fc.record({ needs, rankMs: fc.integer({ min: 0, max: 50 }), wantsToHold: fc.boolean() }), { maxLength: 12 })
  .map((list) =>
    list.map((one, index) => ({ ...one, holder: `h${index}`, owner: "o", ordinal: index, expiresAtMs: 1 })),
  );
const capacities = fc.record({ stamp: fc.nat(4), repository: fc.nat(4), family: fc.nat(4) });

/** Makes some tickets held, as far as capacities allow: a state that the pool could be in. */
function settle(
  drawn: readonly (Omit<SlotTicket, "isHeld"> & { wantsToHold: boolean })[],
  capacity: ReadonlyMap<string, number>,
): SlotTicket[] {
  const free = new Map(capacity);
  return drawn.map(({ wantsToHold, ...ticket }) => {
    const isHeld = wantsToHold && ticket.needs.every(({ name, count }) => count <= (free.get(name) ?? 0));
    if (isHeld) for (const { name, count } of ticket.needs) free.set(name, (free.get(name) ?? 0) - count);
    return { ...ticket, isHeld };
  });
}

function heldOf(name: string, held: readonly SlotTicket[]): number {
  return held.flatMap((ticket) => ticket.needs).reduce((sum, need) => sum + (need.name === name ? need.count : 0), 0);
}

test("grants never exceed a capacity, and the first that could ever be met is passed by nobody it competes with", () => {
  fc.assert(
    fc.property(tickets, capacities, (drawn, limits) => {
      const capacity = new Map(Object.entries(limits));
      const state = settle(drawn, capacity);
      const granted = planGrants(state, capacity);
      const held = [...state.filter(({ isHeld }) => isHeld), ...granted];
      for (const name of names) expect(heldOf(name, held)).toBeLessThanOrEqual(capacity.get(name) ?? 0);
      const waiting = state
        .filter((ticket) => !held.includes(ticket))
        .filter((ticket) => ticket.needs.every(({ name, count }) => count <= (capacity.get(name) ?? 0)))
        .toSorted((a, b) => a.rankMs - b.rankMs || a.ordinal - b.ordinal);
      for (const first of waiting) {
        const contested = new Set(first.needs.map(({ name }) => name));
        const passed = granted.filter(
          (ticket) =>
            (ticket.rankMs > first.rankMs || (ticket.rankMs === first.rankMs && ticket.ordinal > first.ordinal)) &&
            ticket.needs.some(({ name }) => contested.has(name)),
        );
        // Who passes may only take what the first leaves over of a name.
        for (const ticket of passed) {
          for (const need of ticket.needs.filter(({ name }) => contested.has(name))) {
            const mine = first.needs.find(({ name }) => name === need.name)!.count;
            expect(heldOf(need.name, held) + mine).toBeLessThanOrEqual(capacity.get(need.name) ?? 0);
          }
        }
      }
      // Nothing that fits beside what is held is left waiting with nobody before it.
      const head = waiting[0];
      const fits = (ticket: SlotTicket): boolean =>
        ticket.needs.every(({ name, count }) => heldOf(name, held) + count <= (capacity.get(name) ?? 0));
      expect(head === undefined || !fits(head)).toBe(true);
    }),
  );
});

test("a ticket of the lowest priority is granted while higher ones keep arriving", () => {
  const capacity = new Map([["stamp", 1]]);
  const ticketOf = (holder: string, askedAtMs: number, priority: number, ordinal: number): SlotTicket => ({
    holder,
    owner: "o",
    needs: [{ name: "stamp", count: 1 }],
    rankMs: rankOf(askedAtMs, priority),
    ordinal,
    isHeld: false,
    expiresAtMs: Number.MAX_SAFE_INTEGER,
  });
  let waiting = [ticketOf("low", 0, 10, 0)];
  for (let nowMs = 0; nowMs < 200_000; nowMs += 1000) {
    // One arrives and one is served each second: without ageing, "low" would wait for ever.
    waiting.push(ticketOf(`high-${nowMs}`, nowMs, 1, nowMs + 1));
    const [granted] = planGrants(waiting, capacity);
    if (granted?.holder === "low") {
      expect(nowMs).toBeLessThanOrEqual(91_000);
      return;
    }
    waiting = waiting.filter((ticket) => ticket !== granted);
  }
  expect.unreachable("the ticket of the lowest priority was starved");
});

test("holders that come, die and wait over simulated hours never exceed a capacity, and each that lives is served", async () => {
  for (const seed of [1, 2, 3]) {
    const clock = new SimulatedClock();
    const random = new SeededRandom(seed);
    await using engine = await openMemoryRunEngine({ clock, random });
    const limits: Record<string, number> = { stamp: 4, repository: 3, family: 2 };
    for (const name of names) await engine.slots.setCapacity(name, limits[name]!);
    const live: { holder: string; until: number; request: Parameters<typeof engine.slots.request>[0] }[] = [];
    let served = 0;
    let died = 0;
    for (let tick = 0; tick < 300 || live.length > 0; tick += 1) {
      expect(tick, `seed ${seed}`).toBeLessThan(3000);
      if (tick < 300 && random.fraction() < 0.5) {
        const wanted = names.filter(() => random.fraction() < 0.6);
        const count = 1 + Math.floor(random.fraction() * 2);
        const request = {
          holder: `h${tick}`,
          owner: "o",
          isFirst: true,
          needs: (wanted.length === 0 ? ["stamp"] : wanted).map((name) => ({ name, count })),
          priority: Math.floor(random.fraction() * 20),
          leaseMs: 30_000,
        };
        live.push({ holder: request.holder, until: 0, request });
      }
      for (const one of live.slice()) {
        const isDead = random.fraction() < 0.01;
        const isDone = one.until > 0 && clock.now() >= one.until;
        if (isDead || isDone) live.splice(live.indexOf(one), 1);
        if (isDone) await engine.slots.release(one.request);
        if (isDead) died += 1;
        else if (isDone) served += 1;
        else if ((await engine.slots.request(one.request)) === "held" && one.until === 0) {
          one.until = clock.now() + 5000 + Math.floor(random.fraction() * 60_000);
        }
      }
      for (const use of await engine.slots.list()) expect(use.held, `seed ${seed}`).toBeLessThanOrEqual(use.capacity);
      await clock.advance(5000);
    }
    expect(served + died, `seed ${seed}`).toBeGreaterThan(100);
    expect(died, `seed ${seed}`).toBeGreaterThan(0);
  }
});
