import type { BlobCall, BlobReply } from "./blob-call.ts";
import { BlobError, invalidHeader } from "./blob-error.ts";
import type { LeaseRecord } from "./blob-record.ts";

/** The lease as it stands at an instant: one whose time is over is none. */
export function presentLease(lease: LeaseRecord | undefined, nowMs: number): LeaseRecord | undefined {
  if (lease === undefined || lease.state === "broken") return undefined;
  if (lease.endsAtMs !== null && lease.endsAtMs <= nowMs) return undefined;
  return lease;
}

const conflict = (code: string, message: string): BlobError => new BlobError(409, code, message);

/** Raises where a write does not carry the id of the lease that holds, or carries one where none holds. */
export function requireLease(call: BlobCall, lease: LeaseRecord | undefined, nowMs: number): void {
  const given = call.header("x-ms-lease-id")?.toLowerCase();
  const present = presentLease(lease, nowMs);
  if (present === undefined) {
    if (given === undefined) return;
    throw new BlobError(412, "LeaseNotPresentWithBlobOperation", "There is currently no lease on the blob.");
  }
  if (given === undefined) {
    throw new BlobError(
      412,
      "LeaseIdMissing",
      "There is currently a lease on the blob and no lease ID was specified in the request.",
    );
  }
  if (given !== present.id) {
    throw new BlobError(
      412,
      "LeaseIdMismatchWithBlobOperation",
      "The lease ID specified did not match the lease ID for the blob.",
    );
  }
}

function parseDuration(call: BlobCall): number {
  const text = call.header("x-ms-lease-duration") ?? "";
  const seconds = Number(text);
  const isRight = seconds === -1 || (Number.isInteger(seconds) && seconds >= 15 && seconds <= 60);
  if (!isRight) throw invalidHeader("x-ms-lease-duration", text);
  return seconds;
}

function endOf(durationSeconds: number, nowMs: number): number | null {
  return durationSeconds === -1 ? null : nowMs + durationSeconds * 1000;
}

function breakLease(
  call: BlobCall,
  present: LeaseRecord,
  nowMs: number,
): { readonly lease: LeaseRecord; readonly leftSeconds: number } {
  const left = present.endsAtMs === null ? 0 : Math.ceil((present.endsAtMs - nowMs) / 1000);
  const period = call.header("x-ms-lease-break-period");
  const wanted = period === undefined ? left : Math.min(Number(period), present.endsAtMs === null ? 60 : left);
  if (!Number.isInteger(wanted) || wanted < 0) throw invalidHeader("x-ms-lease-break-period", period ?? "");
  if (wanted === 0) return { lease: { ...present, state: "broken", endsAtMs: nowMs }, leftSeconds: 0 };
  return { lease: { ...present, state: "breaking", endsAtMs: nowMs + wanted * 1000 }, leftSeconds: wanted };
}

/** Acquire: a new lease, or new time for the one that the caller holds already. */
function acquireLease(
  call: BlobCall,
  present: LeaseRecord | undefined,
  context: { readonly nowMs: number; uuid(): string },
): { readonly lease: LeaseRecord; readonly reply: BlobReply } {
  const proposed = call.header("x-ms-proposed-lease-id")?.toLowerCase() ?? context.uuid();
  if (present !== undefined && present.id !== proposed) {
    throw conflict("LeaseAlreadyPresent", "There is already a lease present.");
  }
  if (present?.state === "breaking") {
    throw conflict(
      "LeaseIsBreakingAndCannotBeAcquired",
      "The lease ID matched, but the lease is currently in breaking state and cannot be acquired until it is broken.",
    );
  }
  const durationSeconds = parseDuration(call);
  const made: LeaseRecord = {
    id: proposed,
    state: "leased",
    durationSeconds,
    endsAtMs: endOf(durationSeconds, context.nowMs),
  };
  return { lease: made, reply: { status: 201, headers: { "x-ms-lease-id": proposed } } };
}

/** Decides one lease call; answers the lease to keep and the reply. */
export function applyLeaseCall(
  call: BlobCall,
  lease: LeaseRecord | undefined,
  context: { readonly nowMs: number; uuid(): string },
): { readonly lease: LeaseRecord | undefined; readonly reply: BlobReply } {
  const { nowMs } = context;
  const action = call.header("x-ms-lease-action")?.toLowerCase();
  const given = call.header("x-ms-lease-id")?.toLowerCase();
  const present = presentLease(lease, nowMs);
  const withId = (id: string): Record<string, string> => ({ "x-ms-lease-id": id });
  if (action === "acquire") return acquireLease(call, present, context);
  if (action === "break") {
    if (lease === undefined)
      throw conflict("LeaseNotPresentWithLeaseOperation", "There is currently no lease on the blob.");
    if (present === undefined) {
      const ended: LeaseRecord = { ...lease, state: "broken" };
      return { lease: ended, reply: { status: 202, headers: { "x-ms-lease-time": "0" } } };
    }
    const broken = breakLease(call, present, nowMs);
    return { lease: broken.lease, reply: { status: 202, headers: { "x-ms-lease-time": String(broken.leftSeconds) } } };
  }
  // A lease that is over can still be renewed, if nothing broke it, and released.
  const known = present ?? (action === "renew" || action === "release" ? lease : undefined);
  if (known === undefined || known.id !== given) {
    throw conflict(
      "LeaseIdMismatchWithLeaseOperation",
      "The lease ID specified did not match the lease ID for the blob.",
    );
  }
  if (action === "release") return { lease: undefined, reply: { status: 200 } };
  if (action === "renew") {
    if (known.state !== "leased")
      throw conflict(
        "LeaseIsBrokenAndCannotBeRenewed",
        "The lease ID matched, but the lease has been broken explicitly and cannot be renewed.",
      );
    const renewed = { ...known, endsAtMs: endOf(known.durationSeconds, nowMs) };
    return { lease: renewed, reply: { status: 200, headers: withId(known.id) } };
  }
  if (action === "change") {
    if (known.state === "breaking") {
      throw conflict(
        "LeaseIsBreakingAndCannotBeChanged",
        "The lease ID matched, but the lease is currently in breaking state and cannot be changed.",
      );
    }
    const proposed = call.header("x-ms-proposed-lease-id")?.toLowerCase();
    if (proposed === undefined) throw invalidHeader("x-ms-proposed-lease-id", "");
    return { lease: { ...known, id: proposed }, reply: { status: 200, headers: withId(proposed) } };
  }
  throw invalidHeader("x-ms-lease-action", action ?? "");
}

/** The headers that properties show of a lease. */
export function leaseHeaders(lease: LeaseRecord | undefined, nowMs: number): Record<string, string> {
  const present = presentLease(lease, nowMs);
  if (present === undefined) {
    const isBroken = lease?.state === "broken" || lease?.state === "breaking";
    const state = lease === undefined ? "available" : isBroken ? "broken" : "expired";
    return { "x-ms-lease-status": "unlocked", "x-ms-lease-state": state };
  }
  return {
    "x-ms-lease-status": "locked",
    "x-ms-lease-state": present.state,
    ...(present.state === "leased"
      ? { "x-ms-lease-duration": present.durationSeconds === -1 ? "infinite" : "fixed" }
      : {}),
  };
}
