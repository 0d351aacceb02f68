/**
 * Durable runs on PostgreSQL, through DBOS. Apart from the rest of the package, so that who runs on SQLite does not load
 * it. What it does otherwise than the embedded engine: docs/runs.md, "PostgreSQL".
 */
export { openDbosRunEngine } from "./dbos-run-engine.ts";
export type { DbosRunEngineOptions } from "./dbos-run-engine.ts";
export type { DbosWorkerTimes } from "./dbos-worker.ts";
