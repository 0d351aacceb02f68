import { formatDay, formatSpan } from "@holdfast/domain";
import type { Decision } from "@holdfast/domain";
import { formatInstant, HoldfastError } from "@holdfast/kernel";
import { accountName } from "../cli/account-name.ts";
import type { CommandContext, CommandHandler } from "../cli/context.ts";
import { momentAhead, momentBefore } from "../cli/moment.ts";
import type { Moment } from "../cli/moment.ts";
import { proposeChange } from "../cli/propose-change.ts";
import type { ChangeOptions } from "../cli/propose-change.ts";
import { noteUnknownApplication } from "../selection/known-application.ts";

export interface NoneInput extends ChangeOptions {
  readonly application: string;
  readonly applicationTag: string;
  readonly reason: string;
  readonly owner?: string;
  readonly until?: Moment;
  readonly withdraw?: boolean;
  /** How long the redeployment took that was timed, in milliseconds. */
  readonly redeployedInMs?: number;
  readonly redeployedAt?: Moment;
  readonly withoutUplink?: boolean;
}

/** Enters that an application is left without protection, or that this holds no more. */
export const runNone: CommandHandler<NoneInput> = async (input, context) => {
  const { services, output } = context;
  const { application } = input;
  const nowMs = services.clock.now();
  const decisions = input.withdraw === true ? withdrawal(input) : noneDecisions(input, nowMs);
  await using catalog = await services.openCatalog();
  await noteUnknownApplication(catalog, application, input.applicationTag, output);
  await enterDecisions({ application, decisions, text: describe(input, nowMs) }, { input, context, catalog });
};

/** Shows decisions, asks, and enters them. */
export async function enterDecisions(
  change: { readonly application: string; readonly decisions: readonly Decision[]; readonly text: string },
  parts: {
    readonly input: ChangeOptions;
    readonly context: CommandContext;
    readonly catalog: Awaited<ReturnType<CommandContext["services"]["openCatalog"]>>;
  },
): Promise<void> {
  const { application, decisions, text } = change;
  const { input, context, catalog } = parts;
  const plan = { application, decisions };
  if (!(await proposeChange({ plan, text, question: "Enter this?" }, input, context))) return;
  const after = await catalog.recordDecisions(application, decisions, accountName(context.services.environment));
  context.output.result(
    { ...plan, number: after.number },
    () => `Entered as number ${after.number} of ${application}.`,
  );
}

function withdrawal({ owner, until, redeployedInMs, reason }: NoneInput): readonly Decision[] {
  if (owner !== undefined || until !== undefined || redeployedInMs !== undefined)
    throw usage("--withdraw takes a reason and nothing else");
  return [{ kind: "none-withdrawn", reason }];
}

function noneDecisions(input: NoneInput, nowMs: number): readonly Decision[] {
  const { reason, owner, until, redeployedInMs, redeployedAt, withoutUplink } = input;
  if (owner === undefined || until === undefined) throw usage("none needs an owner and an end");
  if (redeployedInMs === undefined && (redeployedAt !== undefined || withoutUplink === true))
    throw usage("--redeployed-at and --without-uplink belong to --redeployed-in");
  const expiresAtMs = momentAhead(until, nowMs);
  const none = {
    kind: "none-decided",
    reason,
    owner,
    expiresAtMs,
    isRedeployed: redeployedInMs !== undefined,
  } as const;
  if (redeployedInMs === undefined) return [none];
  const atMs = redeployedAt === undefined ? nowMs : momentBefore(redeployedAt, nowMs);
  const redeployment = { atMs, durationMs: redeployedInMs, wasWithoutUplink: withoutUplink ?? false };
  return [none, { kind: "redeployment-timed", redeployment }];
}

function usage(message: string): HoldfastError {
  return new HoldfastError({
    code: "cli.usage.none",
    message,
    advice: "Give --reason, --owner and --until; or --withdraw and --reason.",
  });
}

function describe(input: NoneInput, nowMs: number): string {
  const { application, reason, owner, until, redeployedInMs, redeployedAt, withoutUplink, withdraw } = input;
  if (withdraw === true || until === undefined) return `\n${application} is to be protected again: ${reason}\n`;
  const timed =
    redeployedInMs === undefined
      ? ""
      : `A pipeline deployed it again in ${formatSpan(redeployedInMs)}, ${formatInstant(redeployedAt === undefined ? nowMs : momentBefore(redeployedAt, nowMs))}, ${withoutUplink === true ? "without" : "with"} a connection out of the site.\n`;
  return `\n${application} is left without protection until ${formatDay(momentAhead(until, nowMs))}: ${reason}\nDecided by ${owner}.\n${timed}`;
}
