import type { RunDatabase } from "./run-database.ts";
import type { RunLedger } from "./run-ledger.ts";
import type { RunRow } from "./run-rows.ts";

export interface ClaimRequest {
  readonly workerId: string;
  /** Kinds that the worker knows, each with its limit in one partition; null is unlimited. */
  readonly kinds: ReadonlyMap<string, number | null>;
  readonly limit: number;
  readonly leaseMs: number;
}

export interface LeaseNews {
  /** Runs that the worker holds, by id, with their fence. */
  readonly held: ReadonlyMap<string, number>;
  readonly cancelling: ReadonlySet<string>;
}

/** What workers ask of the file of runs: which runs are theirs, and until when. */
export class RunClaims {
  readonly #database: RunDatabase;
  readonly #ledger: RunLedger;

  constructor(database: RunDatabase, ledger: RunLedger) {
    this.#database = database;
    this.#ledger = ledger;
  }

  /**
   * Takes due runs: lowest priority number first, then the one that was due first. Runs whose lease ran out are due
   * first of all. One transaction, so that no two workers get one run and no partition gets more than its limit.
   */
  claim(request: ClaimRequest, nowMs: number): RunRow[] {
    // Most looks find nothing: they must not stand in the way of those who write.
    if (!this.#hasWork(request.kinds, nowMs)) return [];
    return this.#database.transaction(() => {
      this.#ledger.recoverExpired(nowMs);
      const held = this.#countHeld(request.kinds);
      const claimed: RunRow[] = [];
      while (claimed.length < request.limit) {
        const run = this.#nextDue(request.kinds, held, nowMs);
        if (run === undefined) break;
        const place = placeOf(run.kind, run.partition);
        held.set(place, (held.get(place) ?? 0) + 1);
        claimed.push(this.#take(run, request, nowMs));
      }
      return claimed;
    });
  }

  /** Renews all leases of a worker, and tells what it still holds. */
  renew(workerId: string, leaseUntilMs: number): LeaseNews {
    return this.#database.transaction(() => {
      this.#database.run("update runs set lease_until_ms = ? where holder = ?", leaseUntilMs, workerId);
      return this.look(workerId);
    });
  }

  look(workerId: string): LeaseNews {
    const rows = this.#database.all<{ id: string; fence: number; status: string }>(
      "select id, fence, status from runs where holder = ?",
      workerId,
    );
    return {
      held: new Map(rows.map((row) => [row.id, row.fence])),
      cancelling: new Set(rows.filter((row) => row.status === "cancelling").map((row) => row.id)),
    };
  }

  /** The next instant after now at which there is something to claim, or a lease to see the end of; null for never. */
  nextInstant(nowMs: number): number | null {
    const due = this.#database.get<{ at: number | null }>(
      "select min(due_ms) as at from runs where status in ('queued', 'waiting') and due_ms > ?",
      nowMs,
    )?.at;
    const lease = this.#database.get<{ at: number | null }>(
      "select min(lease_until_ms) as at from runs where status in ('running', 'cancelling')",
    )?.at;
    const instants = [due, lease].filter((at) => at !== null && at !== undefined);
    return instants.length === 0 ? null : Math.min(...instants);
  }

  #hasWork(kinds: ClaimRequest["kinds"], nowMs: number): boolean {
    const expired = this.#database.get(
      "select 1 from runs where status in ('running', 'cancelling') and lease_until_ms <= ? limit 1",
      nowMs,
    );
    return expired !== undefined || this.#nextDue(kinds, this.#countHeld(kinds), nowMs) !== undefined;
  }

  #countHeld(kinds: ClaimRequest["kinds"]): Map<string, number> {
    const rows = this.#database.all<{ kind: string; partition: string | null; held: number }>(
      `select kind, partition, count(*) as held from runs
       where status in ('running', 'cancelling') group by kind, partition`,
    );
    return new Map(
      rows.filter((row) => kinds.has(row.kind)).map((row) => [placeOf(row.kind, row.partition), row.held]),
    );
  }

  #nextDue(kinds: ClaimRequest["kinds"], held: ReadonlyMap<string, number>, nowMs: number): RunRow | undefined {
    const full = [...held].filter(([place, count]) => count >= (kinds.get(kindIn(place)) ?? Number.POSITIVE_INFINITY));
    return this.#database.get<RunRow>(
      `select * from runs where status in ('queued', 'waiting') and due_ms <= ?
         and kind in (select value from json_each(?))
         and kind || char(10) || coalesce(partition, '') not in (select value from json_each(?))
       order by priority, due_ms, ordinal limit 1`,
      nowMs,
      JSON.stringify([...kinds.keys()]),
      JSON.stringify(full.map(([place]) => place)),
    );
  }

  #take(run: RunRow, request: ClaimRequest, nowMs: number): RunRow {
    this.#database.run(
      `update runs set status = 'running', holder = ?, fence = fence + 1, lease_until_ms = ?, wakes = null,
         started_at_ms = coalesce(started_at_ms, ?) where id = ?`,
      request.workerId,
      nowMs + request.leaseMs,
      nowMs,
      run.id,
    );
    if (run.started_at_ms === null) this.#ledger.addEvent(run, "run-started", nowMs);
    return { ...run, status: "running", fence: run.fence + 1, holder: request.workerId };
  }
}

// Names hold no control characters, so that the two parts can be told again. Runs without a partition are one together.
function placeOf(kind: string, partition: string | null): string {
  return `${kind}\n${partition ?? ""}`;
}

function kindIn(place: string): string {
  return place.slice(0, place.indexOf("\n"));
}
