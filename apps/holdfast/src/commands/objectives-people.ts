import { formatDay, noDecisions } from "@holdfast/domain";
import type { Decision } from "@holdfast/domain";
import { HoldfastError } from "@holdfast/kernel";
import type { Catalog } from "@holdfast/catalog";
import type { CommandContext, CommandHandler } from "../cli/context.ts";
import { momentAhead } from "../cli/moment.ts";
import type { Moment } from "../cli/moment.ts";
import type { ChangeOptions } from "../cli/propose-change.ts";
import { nearestNames } from "../selection/nearest-names.ts";
import { noteUnknownApplication } from "../selection/known-application.ts";
import { assessKnown } from "./assess-known.ts";
import { enterDecisions } from "./objectives-none.ts";

interface RecordInput extends ChangeOptions {
  readonly application: string;
  readonly applicationTag: string;
}

export interface AcceptInput extends RecordInput {
  readonly finding: string;
  readonly reason: string;
  readonly owner?: string;
  readonly until?: Moment;
  readonly withdraw?: boolean;
}

/** Enters that somebody bears a finding until a day, or bears it no more. */
export const runAcceptFinding: CommandHandler<AcceptInput> = async (input, context) => {
  const { application, finding, reason, owner, until, withdraw } = input;
  const nowMs = context.services.clock.now();
  if (withdraw !== true && (owner === undefined || until === undefined))
    throw usage("an accepted finding needs an owner and an end");
  const decision: Decision =
    withdraw === true || owner === undefined || until === undefined
      ? { kind: "acceptance-withdrawn", finding, reason }
      : { kind: "finding-accepted", finding, reason, owner, expiresAtMs: momentAhead(until, nowMs) };
  const text =
    decision.kind === "finding-accepted"
      ? `\n${decision.owner} accepts ${finding} of ${application} until ${formatDay(decision.expiresAtMs)}: ${reason}\n`
      : `\n${finding} of ${application} is accepted no more: ${reason}\n`;
  await using catalog = await context.services.openCatalog();
  await noteUnknownApplication(catalog, application, input.applicationTag, context.output);
  if (decision.kind === "finding-accepted") await noteUnknownFinding(catalog, input, context);
  await enterDecisions({ application, decisions: [decision], text }, { input, context, catalog });
};

/** Says so where `assess` finds nothing of the kind: a misspelt one would accept nothing, and look as if it did. */
async function noteUnknownFinding(
  catalog: Catalog,
  { application, applicationTag, finding }: AcceptInput,
  context: CommandContext,
): Promise<void> {
  const { assessment } = await assessKnown(
    catalog,
    { applicationTag, sites: new Map(), disconnected: [] },
    { ...context, output: { ...context.output, note: () => undefined } },
  );
  const own = assessment.applications.find((one) => one.application === application);
  const kinds = [...new Set(own?.findings.map(({ kind }) => kind))];
  if (own === undefined || kinds.includes(finding)) return;
  const near = nearestNames(finding, kinds);
  const hint = near.length > 0 ? `Did you mean ${near.join(" or ")}?` : `It finds: ${kinds.join(", ") || "nothing"}.`;
  context.output.note(`assess finds no ${finding} in ${application} now. ${hint}`);
}

export interface ContactInput extends RecordInput {
  readonly name: string;
  readonly role?: string;
  readonly reach?: string;
  readonly remove?: boolean;
}

/** Enters whom to call in a disaster, and how, or that somebody is called no more. */
export const runContact: CommandHandler<ContactInput> = async (input, context) => {
  const { application, name, role, reach, remove } = input;
  if (remove !== true && (role === undefined || reach === undefined))
    throw usage("a contact needs a role, and a way to be reached");
  const decision: Decision =
    remove === true || role === undefined || reach === undefined
      ? { kind: "contact-removed", name }
      : { kind: "contact-set", contact: { name, role, reach } };
  const text =
    decision.kind === "contact-set"
      ? `\nFor ${application}, call ${name} (${role}): ${reach}\n`
      : `\n${name} is not called for ${application} any more.\n`;
  await using catalog = await context.services.openCatalog();
  await noteUnknownApplication(catalog, application, input.applicationTag, context.output);
  await enterDecisions({ application, decisions: [decision], text }, { input, context, catalog });
};

export interface RecoveryNotesInput extends RecordInput {
  readonly dependsOn?: readonly string[];
  /** Names of VMs that start together, with commas between; groups in order. */
  readonly start?: readonly string[];
  readonly step?: readonly string[];
  /** What secret, and where it lies. */
  readonly lies?: readonly string[];
}

/** Enters what the inventory cannot tell of a recovery; a part that is not given stays as it is. */
export const runRecoveryNotes: CommandHandler<RecoveryNotesInput> = async (input, context) => {
  const { application } = input;
  await using catalog = await context.services.openCatalog();
  await noteUnknownApplication(catalog, application, input.applicationTag, context.output);
  const held = ((await catalog.loadDecisions()).get(application) ?? noDecisions).notes;
  const notes = {
    dependsOn: input.dependsOn ?? held.dependsOn,
    startOrder: input.start?.map((group) => group.split(",").map((name) => name.trim())) ?? held.startOrder,
    steps: input.step ?? held.steps,
    secrets: input.lies?.map(readSecretPlace) ?? held.secrets,
  };
  const lines = [
    `\nRecovery of ${application}\n`,
    `  after  ${notes.dependsOn.join(", ") || "nothing"}\n`,
    ...notes.startOrder.map((group, i) => `  start ${i + 1}: ${group.join(", ")}\n`),
    ...notes.steps.map((step, i) => `  step ${i + 1}: ${step}\n`),
    ...notes.secrets.map(({ what, where }) => `  ${what} lies: ${where}\n`),
  ];
  const decisions = [{ kind: "recovery-noted", notes }] as const;
  await enterDecisions({ application, decisions, text: lines.join("") }, { input, context, catalog });
};

function readSecretPlace(typed: string): { readonly what: string; readonly where: string } {
  const at = typed.indexOf("=");
  const [what, where] = [typed.slice(0, at).trim(), typed.slice(at + 1).trim()];
  if (at > 0 && what !== "" && where !== "") return { what, where };
  throw usage("where a secret lies is given as what=where");
}

function usage(message: string): HoldfastError {
  return new HoldfastError({
    code: "cli.usage.record",
    message,
    advice: "Run the command with --help for an example.",
  });
}
