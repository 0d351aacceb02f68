import type { Clock } from "@holdfast/kernel";
import type { SlotChange, SlotState, SlotStore } from "../slots/create-slot-pool.ts";
import type { SlotNeed } from "../slots/slot-pool.ts";
import { patiently } from "./patiently.ts";
import type { RunDatabase } from "./run-database.ts";

interface TicketRow {
  readonly ordinal: number;
  readonly holder: string;
  readonly owner: string;
  readonly needs: string;
  readonly rank_ms: number;
  readonly is_held: number;
  readonly expires_at_ms: number;
}

/** Slots in the file of runs. */
export function createSqliteSlotStore(database: RunDatabase, clock: Clock): SlotStore {
  return {
    load: async () => loadSlots(database),
    change: (decide) =>
      patiently(clock, () =>
        database.transaction(() => {
          const change = decide(loadSlots(database));
          applyChange(database, change);
          return change.answer;
        }),
      ),
  };
}

function loadSlots(database: RunDatabase): SlotState {
  const capacities = database.all<{ name: string; capacity: number }>("select * from slot_capacities order by name");
  const tickets = database.all<TicketRow>("select * from slot_tickets order by ordinal");
  return {
    capacities: new Map(capacities.map(({ name, capacity }) => [name, capacity])),
    tickets: tickets.map((row) => ({
      holder: row.holder,
      owner: row.owner,
      needs: JSON.parse(row.needs) as SlotNeed[],
      rankMs: row.rank_ms,
      ordinal: row.ordinal,
      isHeld: row.is_held === 1,
      expiresAtMs: row.expires_at_ms,
    })),
  };
}

function applyChange(database: RunDatabase, { capacity, remove, put }: SlotChange<unknown>): void {
  if (capacity !== undefined) {
    database.run(
      "insert into slot_capacities values (?, ?) on conflict (name) do update set capacity = excluded.capacity",
      capacity.name,
      capacity.capacity,
    );
  }
  for (const holder of remove ?? []) database.run("delete from slot_tickets where holder = ?", holder);
  for (const ticket of put ?? []) {
    database.run(
      `insert into slot_tickets (holder, owner, needs, rank_ms, is_held, expires_at_ms) values (?, ?, ?, ?, ?, ?)
       on conflict (holder) do update set owner = excluded.owner, is_held = excluded.is_held,
         expires_at_ms = excluded.expires_at_ms`,
      ticket.holder,
      ticket.owner,
      JSON.stringify(ticket.needs),
      ticket.rankMs,
      ticket.isHeld ? 1 : 0,
      ticket.expiresAtMs,
    );
  }
}
