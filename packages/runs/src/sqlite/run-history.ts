import type { SQLInputValue } from "node:sqlite";
import type { EventPage, RunFilter, RunPage } from "../run-engine.ts";
import { checkWhole } from "../limits.ts";
import type { RunDetails } from "../run-record.ts";
import type { RunDatabase } from "./run-database.ts";
import { toRunEvent, toRunRecord, toStepRecord } from "./run-rows.ts";
import type { EventRow, RunRow, StepRow } from "./run-rows.ts";

const prunedMark = "events-pruned-through";
const mostListed = 1000;

/** What is read of runs, and how they are forgotten. */
export class RunHistory {
  readonly #database: RunDatabase;

  constructor(database: RunDatabase) {
    this.#database = database;
  }

  find(runId: string): RunDetails | null {
    return this.#database.snapshot(() => {
      const run = this.#database.get<RunRow>("select * from runs where id = ?", runId);
      if (run === undefined) return null;
      const steps = this.#database.all<StepRow>("select * from steps where run_id = ? order by position", runId);
      return { ...toRunRecord(run), steps: steps.map(toStepRecord) };
    });
  }

  list(filter: RunFilter): RunPage {
    const limit = filter.limit ?? 100;
    checkWhole("the size of a page", limit, 1, mostListed);
    // Only the conditions that are asked for, so that each finds its index: a history is long, what is open is short.
    const conditions: [string, SQLInputValue][] = [["ordinal < ?", Number(filter.after ?? Number.MAX_SAFE_INTEGER)]];
    if (filter.statuses !== undefined) {
      conditions.push(["status in (select value from json_each(?))", JSON.stringify(filter.statuses)]);
    }
    if (filter.workflow !== undefined) conditions.push(["workflow = ?", filter.workflow]);
    if (filter.partition !== undefined) conditions.push(["partition = ?", filter.partition]);
    if (filter.parentRunId !== undefined) conditions.push(["parent_id = ?", filter.parentRunId]);
    const rows = this.#database.all<RunRow>(
      `select * from runs where ${conditions.map(([sql]) => sql).join(" and ")} order by ordinal desc limit ?`,
      ...conditions.map(([, value]) => value),
      limit + 1,
    );
    const page = rows.slice(0, limit);
    return { runs: page.map(toRunRecord), next: rows.length > limit ? String(page.at(-1)?.ordinal) : null };
  }

  readEvents(afterSequence: number, limit = 100): EventPage {
    checkWhole("a number of events", limit, 1, mostListed);
    return this.#database.snapshot(() => {
      const rows = this.#database.all<EventRow>(
        "select * from events where sequence > ? order by sequence limit ?",
        afterSequence,
        limit,
      );
      const pruned = this.#database.get<{ value: number }>("select value from marks where name = ?", prunedMark);
      return {
        events: rows.map(toRunEvent),
        lastSequence: rows.at(-1)?.sequence ?? afterSequence,
        hasGap: (pruned?.value ?? 0) > afterSequence,
      };
    });
  }

  prune(endedBeforeMs: number, limit: number): number {
    return this.#database.transaction(() => {
      const ids = this.#database
        .all<{ id: string }>(
          `select id from runs r where ended_at_ms < ? and not exists (
             select 1 from runs p where p.id = r.parent_id and p.ended_at_ms is null) order by ended_at_ms limit ?`,
          endedBeforeMs,
          limit,
        )
        .map(({ id }) => id);
      const forgotten = JSON.stringify(ids);
      this.#database.run(
        `insert into marks select ?, max(sequence) from events where run_id in (select value from json_each(?))
           having max(sequence) is not null
         on conflict (name) do update set value = max(value, excluded.value)`,
        prunedMark,
        forgotten,
      );
      for (const table of ["events", "steps", "signals"]) {
        this.#database.run(`delete from ${table} where run_id in (select value from json_each(?))`, forgotten);
      }
      this.#database.run("delete from runs where id in (select value from json_each(?))", forgotten);
      return ids.length;
    });
  }
}
