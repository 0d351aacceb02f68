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

// As the partial indexes have it. SQLite would rather take the index of the status, and sort.
const isReady = "status in ('queued', 'waiting')";
const isHeld = "status in ('running', 'cancelling')";

/**
 * So many due runs are sorted in less time than the order of all that is queued is walked through: nearly all of it is
 * due later, where runs are delayed and asleep by the thousand.
 */
const fewDue = 500;

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
      const held = this.#countHeld();
      const limitOf = (kind: string): number => request.kinds.get(kind) ?? Number.POSITIVE_INFINITY;
      const claimed: RunRow[] = [];
      for (;;) {
        const candidates = this.#listDue(request, { held, limitOf, nowMs, limit: request.limit - claimed.length });
        for (const run of candidates) {
          const place = placeOf(run.kind, run.partition);
          const count = held.get(place) ?? 0;
          // It filled up within this look; the next one leaves it out.
          if (count >= limitOf(run.kind)) continue;
          held.set(place, count + 1);
          claimed.push(this.#take(run, request, nowMs));
        }
        if (candidates.length === 0 || claimed.length === request.limit) return claimed;
      }
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
      `select min(due_ms) as at from runs indexed by runs_due where ${isReady} and due_ms > ?`,
      nowMs,
    )?.at;
    const lease = this.#database.get<{ at: number | null }>(
      `select min(lease_until_ms) as at from runs indexed by runs_leases where ${isHeld}`,
    )?.at;
    const instants = [due, lease].filter((at) => at !== null && at !== undefined);
    return instants.length === 0 ? null : Math.min(...instants);
  }

  #hasWork(kinds: ClaimRequest["kinds"], nowMs: number): boolean {
    const isExpired = this.#database.get(
      `select 1 from runs indexed by runs_leases where ${isHeld} and lease_until_ms <= ? limit 1`,
      nowMs,
    );
    if (isExpired !== undefined) return true;
    if (this.#countDue(nowMs, 1) === 0) return false;
    const limitOf = (kind: string): number => kinds.get(kind) ?? Number.POSITIVE_INFINITY;
    return this.#listDue({ kinds }, { held: this.#countHeld(), limitOf, nowMs, limit: 1 }).length > 0;
  }

  #countDue(nowMs: number, limit: number): number {
    const due = this.#database.get<{ count: number }>(
      `select count(*) as count from (select 1 from runs indexed by runs_due where ${isReady} and due_ms <= ? limit ?)`,
      nowMs,
      limit,
    );
    return due?.count ?? 0;
  }

  #countHeld(): Map<string, number> {
    const rows = this.#database.all<{ kind: string; partition: string | null; held: number }>(
      `select kind, partition, count(*) as held from runs indexed by runs_held where ${isHeld} group by kind, partition`,
    );
    return new Map(rows.map((row) => [placeOf(row.kind, row.partition), row.held]));
  }

  #listDue(
    { kinds }: Pick<ClaimRequest, "kinds">,
    look: {
      readonly held: ReadonlyMap<string, number>;
      readonly limitOf: (kind: string) => number;
      readonly nowMs: number;
      readonly limit: number;
    },
  ): RunRow[] {
    const due = this.#countDue(look.nowMs, fewDue);
    const full = [...look.held].filter(([place, count]) => count >= look.limitOf(kindIn(place)));
    return this.#database.all<RunRow>(
      `select * from runs indexed by ${due < fewDue ? "runs_due" : "runs_ready"} where ${isReady} and due_ms <= ?
         and kind in (select value from json_each(?))
         and kind || char(10) || coalesce(partition, '') not in (select value from json_each(?))
       order by priority, due_ms, ordinal limit ?`,
      look.nowMs,
      JSON.stringify([...kinds.keys()]),
      JSON.stringify(full.map(([place]) => place)),
      look.limit,
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
