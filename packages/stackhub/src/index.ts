/**
 * Azure Stack Hub as one identity sees one subscription of one stamp: discovery, identity, ARM, disks, snapshots and
 * page blobs. Implements the engine's port `Stamp` by its shape. Design and invariants: docs/stackhub.md.
 */
export { connectStamp } from "./connect-stamp.ts";
export { redactUrl } from "./http/redact-url.ts";
export type { CallTrace } from "./http/call-trace.ts";
export type { StampConfig, StampCredential, StampDeps } from "./config.ts";
export type { StampAdapter, StampFacts } from "./stamp-adapter.ts";
