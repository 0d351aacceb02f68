import { z } from "zod";
import { parseDuration } from "../cli/duration.ts";

/** Most entries of a list or map: a file is read by people. */
const maxEntries = 20_000;

const text = z.string().trim().min(1).max(500);
const name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9 ._-]{0,99}$/, "Give a name of letters, digits, blanks, dots, dashes and underscores.");

const duration = z
  .string("Give a number and m, h, d, w, mo or y, such as 6h.")
  .meta({ pattern: "^\\d{1,6}(m|h|d|w|mo|y)$", description: "A span such as 15m, 4h, 30d or 1y." })
  .transform((typed, context) => {
    try {
      return parseDuration(typed);
    } catch {
      context.issues.push({
        code: "custom",
        message: "Give a number and m, h, d, w, mo or y, such as 6h.",
        input: typed,
      });
      return z.NEVER;
    }
  });

const minutes = z
  .string('Give a time in quotes, such as "22:30".')
  .meta({ pattern: "^([01]\\d|2[0-3]):[0-5]\\d$", description: 'A time of the wall clock, such as "22:30".' })
  .transform((typed, context) => {
    const found = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(typed);
    if (found !== null) return Number(found[1]) * 60 + Number(found[2]);
    context.issues.push({ code: "custom", message: 'Give a time in quotes, such as "22:30".', input: typed });
    return z.NEVER;
  });

const instant = z
  .string("Give a date such as 2026-12-24, or an instant with its offset.")
  .meta({ format: "date-time", description: "2026-12-24, or 2026-12-24T18:00:00+01:00." })
  .transform((typed, context) => {
    const isInstant = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d))?$/.test(typed);
    const atMs = isInstant ? Date.parse(typed) : Number.NaN;
    if (Number.isFinite(atMs)) return atMs;
    context.issues.push({
      code: "custom",
      message: "Give a date such as 2026-12-24, or an instant with its offset.",
      input: typed,
    });
    return z.NEVER;
  });

const timeZone = z.string().refine(
  (typed) => {
    try {
      return Intl.DateTimeFormat("en-US", { timeZone: typed }).resolvedOptions().timeZone.length > 0;
    } catch {
      return false;
    }
  },
  { error: "There is no such time zone; give an IANA name such as Europe/Zagreb." },
);

const day = z.enum(["mon", "tue", "wed", "thu", "fri", "sat", "sun"]);
const hours = { days: z.array(day).min(1).optional(), from: minutes, to: minutes };
const count = z.int().min(1).max(100_000).optional();

const policy = z.strictObject({
  every: duration,
  repository: text.describe("Name of a repository, as `holdfast repo` lists it."),
  keep: z.strictObject({ last: count, hourly: count, daily: count, weekly: count, monthly: count, yearly: count }),
  "time-zone": timeZone.optional(),
  consistency: z.enum(["crash", "file-system", "application"]).optional(),
  windows: z.array(z.strictObject(hours)).max(50).optional(),
  blackouts: z
    .array(z.strictObject({ from: instant, to: instant, why: text }))
    .max(500)
    .optional(),
  copies: z
    .array(z.strictObject({ to: text, every: duration }))
    .max(20)
    .optional(),
  throttles: z
    .array(z.strictObject({ ...hours, "mib-per-second": z.number().positive().max(100_000) }))
    .max(50)
    .optional(),
  "running-snapshots": z.strictObject({ "allowed-by": text, why: text }).optional(),
  drill: z.strictObject({ every: duration }).optional(),
});

const selector = z.union([
  z.strictObject({ tag: text.describe("key=value, or the key alone for any value.") }),
  z.strictObject({ group: text.describe("A resource group.") }),
  z.strictObject({ name: text.describe("A pattern: * for any characters, ? for one.") }),
  z.strictObject({ vms: z.array(text).min(1).max(maxEntries).describe("group/name, or ARM ids.") }),
]);

const application = z.strictObject({
  owner: text.optional(),
  priority: z.int().min(1).max(1000).optional(),
  select: z.array(selector).min(1).max(100),
  stamps: z.array(text).max(1000).optional(),
  "depends-on": z.array(text).max(1000).optional(),
  policy: text.describe('Name of a policy, or "none".'),
  none: z.strictObject({ why: text, owner: text, until: instant }).optional(),
  rto: duration.optional(),
  rpo: duration.optional(),
  "capture-anyway": z
    .record(text, text)
    .optional()
    .describe("Members of sets captured all the same: why, by group/name."),
});

/** The policy file, as people write it. Its JSON Schema is docs/policy.schema.json. */
export const policyFileSchema = z.strictObject({
  version: z.literal(1),
  slots: z.int().min(1).max(1000).optional().describe("Captures at a time on each stamp; 4 where nothing is said."),
  sites: z.record(text, text).optional().describe("Site of a stamp or repository, by its name."),
  disconnected: z.array(text).max(1000).optional().describe("Stamps that may be cut off from the outside."),
  policies: z.record(name, policy),
  applications: z.record(name, application),
});

export type PolicyFile = z.output<typeof policyFileSchema>;
