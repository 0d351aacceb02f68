import { DatabaseSync } from "node:sqlite";

export interface Effect {
  readonly ordinal: number;
  readonly runId: string;
  readonly key: string;
  /** New for each execution of the step. */
  readonly nonce: string;
  /** What the run's earlier steps had answered to this execution. */
  readonly seen: readonly string[];
}

/** The outside world of the torture: what steps did to it, each execution once, in order. Outlives every process. */
export class Effects implements Disposable {
  readonly #database: DatabaseSync;

  constructor(file: string) {
    this.#database = new DatabaseSync(file, { timeout: 20_000 });
    this.#database.exec(`pragma journal_mode=WAL; pragma synchronous=NORMAL;
      create table if not exists effects (ordinal integer primary key autoincrement, run_id text, key text, nonce text, seen text)`);
  }

  /** Records an execution; answers how many there had been under the key. */
  add(effect: Omit<Effect, "ordinal">): number {
    this.#database
      .prepare("insert into effects (run_id, key, nonce, seen) values (?, ?, ?, ?)")
      .run(effect.runId, effect.key, effect.nonce, JSON.stringify(effect.seen));
    const count = this.#database.prepare("select count(*) as n from effects where key = ?").get(effect.key) as {
      n: number;
    };
    return count.n - 1;
  }

  list(): Effect[] {
    const rows = this.#database.prepare("select * from effects order by ordinal").all() as {
      ordinal: number;
      run_id: string;
      key: string;
      nonce: string;
      seen: string;
    }[];
    return rows.map((row) => ({
      ordinal: row.ordinal,
      runId: row.run_id,
      key: row.key,
      nonce: row.nonce,
      seen: JSON.parse(row.seen) as string[],
    }));
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }
}
