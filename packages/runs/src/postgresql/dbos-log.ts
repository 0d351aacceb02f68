import type { DLogger } from "@dbos-inc/dbos-sdk";

/** Told what DBOS has to say to an operator. */
export type DbosLog = (level: "warn" | "error", message: string) => void;

/** DBOS's logger over ours. Without one DBOS writes to standard output, which belongs to the command. */
export function createDbosLogger(log: DbosLog): DLogger {
  const text = (entry: unknown): string => (entry instanceof Error ? entry.message : String(entry));
  return {
    info: () => undefined,
    debug: () => undefined,
    warn: (entry) => log("warn", text(entry)),
    error: (entry) => log("error", text(entry)),
  };
}
