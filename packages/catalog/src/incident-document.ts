import { milestones } from "@holdfast/domain";
import type { Incident, IncidentEvent } from "@holdfast/domain";
import { z } from "zod";

/** What opens an incident's log. */
export type IncidentOpening = { readonly kind: "opened"; readonly recovery: Incident["kind"] } & Pick<
  Incident,
  "application" | "scenario" | "startedAtMs" | "openedAtMs"
>;

export const incidentOpening: z.ZodType<IncidentOpening> = z.strictObject({
  kind: z.literal("opened"),
  recovery: z.enum(["incident", "stamp-drill", "loopback-proof"]),
  application: z.string(),
  scenario: z.enum(["vm", "disk", "node", "stamp", "site", "ransomware"]),
  startedAtMs: z.int(),
  openedAtMs: z.int(),
});

export const incidentEvent: z.ZodType<IncidentEvent> = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("declared"), by: z.string(), atMs: z.int() }),
  z.strictObject({ kind: z.literal("reached"), milestone: z.enum(milestones), atMs: z.int() }),
  z.strictObject({
    kind: z.literal("closed"),
    outcome: z.enum(["recovered", "false-alarm", "given-up"]),
    atMs: z.int(),
  }),
]);
