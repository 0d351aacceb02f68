import { z } from "zod";

const common = {
  /** How often the fault strikes before it ends by itself; for ever when left out. */
  count: z.int().positive().optional(),
  /** Regular expression, ignoring case, over the subject of the call: see `FaultBoard.take`. */
  pattern: z.string().max(500).optional(),
};
const plane = z.enum(["arm", "blob", "any"]).default("any");

/**
 * What can be made to go wrong on a stamp. `throttle`, `cut-response` and `answer-html` act in the server, on
 * `METHOD host/path?query`; the operation faults on `kind resourceId`; the SAS faults on the path of the address;
 * the others on what their comment says.
 */
export const faultSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("throttle"),
    ...common,
    plane,
    retryAfterSeconds: z.int().min(0).default(1),
    status: z.union([z.literal(429), z.literal(503)]).default(429),
  }),
  z.strictObject({
    kind: z.literal("fail-operation"),
    ...common,
    code: z.string().default("InternalExecutionError"),
    message: z.string().default("An internal execution error occurred."),
  }),
  z.strictObject({ kind: z.literal("slow-operation"), ...common, delayMs: z.int().min(0) }),
  /** 403 on a SAS that is good. */
  z.strictObject({ kind: z.literal("refuse-sas"), ...common }),
  /** 403 as if the SAS had run out. */
  z.strictObject({ kind: z.literal("expire-sas"), ...common }),
  /** The connection is cut after so many bytes of the answer's body. */
  z.strictObject({ kind: z.literal("cut-response"), ...common, plane, afterBytes: z.int().min(0) }),
  z.strictObject({ kind: z.literal("answer-html"), ...common, plane }),
  /** VMs on the node stop and start again on others. */
  z.strictObject({ kind: z.literal("lose-node"), ...common, node: z.int().min(0) }),
  /** The stamp refuses connections until the fault is cleared. */
  z.strictObject({ kind: z.literal("lose-stamp") }),
  /** Writes are refused as by a full volume; the subject is the blob's path or the volume's id. */
  z.strictObject({ kind: z.literal("fill-volume"), ...common }),
  z.strictObject({ kind: z.literal("limit-bandwidth"), ...common, bytesPerSecond: z.int().positive() }),
  /** Guest I/O is held so long at each snapshot of a running VM's disk; the subject is the disk's id. */
  z.strictObject({ kind: z.literal("stall-guest-io"), ...common, stallMs: z.int().min(0) }),
  /** The stamp's clock differs from the host's. */
  z.strictObject({ kind: z.literal("clock-skew"), skewMs: z.int() }),
]);

export type Fault = z.output<typeof faultSchema>;
export type FaultInput = z.input<typeof faultSchema>;
export type FaultKind = Fault["kind"];
export type FaultOf<K extends FaultKind> = Extract<Fault, { readonly kind: K }>;
