import type { DBOSClient } from "@dbos-inc/dbos-sdk";
import type pg from "pg";
import type { Envelope } from "./dbos-execution.ts";

/** Sends a signal in the caller's transaction; answers false where its key is known. */
export async function sendSignal(
  client: pg.PoolClient,
  dbos: DBOSClient,
  runId: string,
  signal: { readonly name: string; readonly key: string; readonly payload: unknown },
): Promise<boolean> {
  const added = await client.query("insert into holdfast_runs.signals values ($1, $2) on conflict do nothing", [
    runId,
    signal.key,
  ]);
  if (added.rowCount === 0) return false;
  const envelope: Envelope = { payload: signal.payload };
  await dbos.sendInTransaction(client, runId, envelope, signal.name);
  return true;
}
