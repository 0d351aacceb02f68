/** Suites that every adapter of a port is run against. Only for files that vitest runs. */
export { describePointStore } from "./describe-point-store.ts";
export { describeRecords } from "./describe-records.ts";
