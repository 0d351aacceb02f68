import type pg from "pg";
import type { SlotState, SlotStore } from "../slots/create-slot-pool.ts";
import type { SlotNeed } from "../slots/slot-pool.ts";
import { inTransaction } from "./run-database.ts";

/** Any number; it is only compared with itself. */
const slotLock = 7_204_412;

interface TicketRow {
  readonly ordinal: number;
  readonly holder: string;
  readonly owner: string;
  readonly needs: string;
  readonly rank_ms: number;
  readonly is_held: boolean;
  readonly expires_at_ms: number;
}

/** Slots in the database of runs. One change at a time, by a lock that ends with its transaction. */
export function createPostgresSlotStore(pool: pg.Pool): SlotStore {
  return {
    load: () => inTransaction(pool, loadSlots),
    change: (decide) =>
      inTransaction(pool, async (client) => {
        await client.query("select pg_advisory_xact_lock($1)", [slotLock]);
        const { answer, capacity, remove = [], put = [] } = decide(await loadSlots(client));
        if (capacity !== undefined) {
          await client.query(
            "insert into holdfast_runs.slot_capacities values ($1, $2) on conflict (name) do update set capacity = excluded.capacity",
            [capacity.name, capacity.capacity],
          );
        }
        if (remove.length > 0) {
          await client.query("delete from holdfast_runs.slot_tickets where holder = any($1)", [remove]);
        }
        for (const ticket of put) {
          await client.query(
            `insert into holdfast_runs.slot_tickets (holder, owner, needs, rank_ms, is_held, expires_at_ms)
             values ($1, $2, $3, $4, $5, $6) on conflict (holder) do update set owner = excluded.owner,
               is_held = excluded.is_held, expires_at_ms = excluded.expires_at_ms`,
            [
              ticket.holder,
              ticket.owner,
              JSON.stringify(ticket.needs),
              ticket.rankMs,
              ticket.isHeld,
              ticket.expiresAtMs,
            ],
          );
        }
        return answer;
      }),
  };
}

async function loadSlots(client: pg.PoolClient): Promise<SlotState> {
  const capacities = await client.query<{ name: string; capacity: number }>(
    `select * from holdfast_runs.slot_capacities order by name collate "C"`,
  );
  const tickets = await client.query<TicketRow>("select * from holdfast_runs.slot_tickets order by ordinal");
  return {
    capacities: new Map(capacities.rows.map(({ name, capacity }) => [name, capacity])),
    tickets: tickets.rows.map((row) => ({
      holder: row.holder,
      owner: row.owner,
      needs: JSON.parse(row.needs) as SlotNeed[],
      rankMs: row.rank_ms,
      ordinal: row.ordinal,
      isHeld: row.is_held,
      expiresAtMs: row.expires_at_ms,
    })),
  };
}
