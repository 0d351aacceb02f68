import { HoldfastError } from "@holdfast/kernel";
import type { Clock } from "@holdfast/kernel";

/** SQLSTATE classes and codes, and codes of Node, that pass: the connection broke, the server stops or starts, or a lock. */
const passing = /^(08...|57P0[1-5]|40001|40P01|53300|55P03|ECONN.*|ENOENT|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN)$/;

/** What `pg` says, without a code, of a connection that broke. */
const broken =
  /connection (terminated|ended|error)|timeout (exceeded|expired)|client was closed|Connection terminated/i;

/** Whether the same query may succeed a little later. What it was to change may have been changed. */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof HoldfastError) return error.code === "runs.database.unreachable";
  // DBOS wraps what it met when it starts.
  if ("error" in error && error.error instanceof Error) return isPassing(error.error);
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  return passing.test(code) || (code === "" && broken.test(error.message));
}

/** Names a database that is away; answers any other error unchanged. */
export function explainPostgresError(error: unknown): unknown {
  if (error instanceof HoldfastError || !isPassing(error)) return error;
  return new HoldfastError({
    code: "runs.database.unreachable",
    message: "the database of runs cannot be reached, or is starting or stopping",
    advice: "Try again with the same ids; runs go on by themselves when it is back.",
    kind: "fault",
    isRetryable: true,
    cause: error,
  });
}

const firstWaitMs = 50;
const longestWaitMs = 2000;

/**
 * Makes queries of an execution, which may be repeated, until the database is there: its absence is no failure of the run.
 * Ends with the signal's reason.
 */
export async function untilReachable<T>(clock: Clock, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  for (let waitMs = firstWaitMs; ; waitMs = Math.min(waitMs * 2, longestWaitMs)) {
    try {
      return await work();
    } catch (error) {
      if (!isPassing(error)) throw error;
    }
    await clock.sleep(waitMs, { signal });
  }
}
