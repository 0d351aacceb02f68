import type { Decision } from "@holdfast/domain";
import { z } from "zod";

const span = z.int().positive();
const instant = z.int();
const tolerance = { rtoMs: span, rpoMs: span };
const count = z.int().nonnegative().exactOptional();

const answers = z.strictObject({
  stoppage: z.enum(["nothing", "some-work", "all-work", "law-or-safety"]).exactOptional(),
  affected: z.enum(["nobody", "a-team", "the-organisation", "people-outside"]).exactOptional(),
  byHandMs: z.number().nonnegative().exactOptional(),
  costPerHour: z.number().nonnegative().exactOptional(),
  bearableCost: z.number().nonnegative().exactOptional(),
  reentry: z.enum(["all", "some", "none"]).exactOptional(),
  reentrySpanMs: z.number().nonnegative().exactOptional(),
  stateKind: z.enum(["none", "files", "database", "several-vms"]).exactOptional(),
  keepForMs: z.number().nonnegative().exactOptional(),
  owner: z.string().exactOptional(),
});

const exception = z.union([z.strictObject(tolerance), z.strictObject({ borne: z.string() })]);

const objectives = z.strictObject({
  ...tolerance,
  retention: z.strictObject({
    last: count,
    hourly: count,
    daily: count,
    weekly: count,
    monthly: count,
    yearly: count,
    timeZone: z.string(),
  }),
  consistency: z.enum(["crash", "file-system", "application"]),
  owner: z.string(),
  exceptions: z.partialRecord(z.enum(["vm", "disk", "node", "stamp", "site", "ransomware"]), exception).exactOptional(),
});

/** What a decision looks like in the catalog; docs/catalog.md names the fields. Unknown fields and kinds are refused. */
export const decisionDocument: z.ZodType<Decision> = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("interviewed"), answers }),
  z.strictObject({
    kind: z.literal("objectives-set"),
    objectives,
    reviewByMs: instant,
    reasons: z.array(z.string()),
  }),
  z.strictObject({ kind: z.literal("signed"), by: z.string(), objectivesNumber: z.int(), reviewByMs: instant }),
  z.strictObject({
    kind: z.literal("none-decided"),
    reason: z.string(),
    owner: z.string(),
    expiresAtMs: instant,
    isRedeployed: z.boolean(),
  }),
  z.strictObject({ kind: z.literal("none-withdrawn"), reason: z.string() }),
  z.strictObject({
    kind: z.literal("redeployment-timed"),
    redeployment: z.strictObject({ atMs: instant, durationMs: span, wasWithoutUplink: z.boolean() }),
  }),
  z.strictObject({
    kind: z.literal("finding-accepted"),
    finding: z.string(),
    reason: z.string(),
    owner: z.string(),
    expiresAtMs: instant,
  }),
  z.strictObject({ kind: z.literal("acceptance-withdrawn"), finding: z.string(), reason: z.string() }),
  z.strictObject({
    kind: z.literal("contact-set"),
    contact: z.strictObject({ name: z.string(), role: z.string(), reach: z.string() }),
  }),
  z.strictObject({ kind: z.literal("contact-removed"), name: z.string() }),
  z.strictObject({
    kind: z.literal("recovery-noted"),
    notes: z.strictObject({
      dependsOn: z.array(z.string()),
      startOrder: z.array(z.array(z.string())),
      steps: z.array(z.string()),
      secrets: z.array(z.strictObject({ what: z.string(), where: z.string() })),
    }),
  }),
]);
