import type { ApplicationDecisions, Consistency, EnteredObjectives, Objectives, Scenario } from "@holdfast/domain";
import { formatDay, noDecisions, objectiveFields, problemOfObjectives, scenarios } from "@holdfast/domain";
import { HoldfastError } from "@holdfast/kernel";
import { accountName } from "../cli/account-name.ts";
import type { CommandHandler } from "../cli/context.ts";
import { parseDuration } from "../cli/duration.ts";
import { momentAhead } from "../cli/moment.ts";
import type { Moment } from "../cli/moment.ts";
import { proposeChange } from "../cli/propose-change.ts";
import type { ChangeOptions } from "../cli/propose-change.ts";
import { formatTable } from "../cli/table.ts";
import { noteUnknownApplication } from "../selection/known-application.ts";
import { retentionRules } from "../selection/retention-options.ts";
import type { RetentionOptions } from "../selection/retention-options.ts";

export interface SetObjectivesInput extends ChangeOptions, Omit<RetentionOptions, "timeZone"> {
  readonly application: string;
  readonly applicationTag: string;
  readonly rtoMs?: number;
  readonly rpoMs?: number;
  readonly consistency?: Consistency;
  readonly owner?: string;
  readonly timeZone?: string;
  /** `scenario=reason`. */
  readonly borne?: ReadonlyMap<string, string>;
  /** `scenario=RTO/RPO`. */
  readonly in?: ReadonlyMap<string, string>;
  readonly reason?: string;
  readonly reviewIn: Moment;
}

const usualRetention = { daily: 7, weekly: 5, monthly: 12, timeZone: "UTC" };

/** Enters objectives; what is not given stays as it is. Whatever was signed before is unsigned afterwards. */
export const runSetObjectives: CommandHandler<SetObjectivesInput> = async (input, context) => {
  const { services, output } = context;
  const { application } = input;
  await using catalog = await services.openCatalog();
  await noteUnknownApplication(catalog, application, input.applicationTag, output);
  const held = (await catalog.loadDecisions()).get(application) ?? noDecisions;
  const objectives = changeObjectives(held.objectives, input);
  const reviewByMs = momentAhead(input.reviewIn, services.clock.now());
  const plan = { application, before: held.objectives, after: { ...objectives, signOff: null, reviewByMs } };
  const text = describeChange(application, held, plan.after);
  if (!(await proposeChange({ plan, text, question: "Enter this?" }, input, context))) return;
  const reasons = input.reason === undefined ? [] : [input.reason];
  const decision = { kind: "objectives-set", objectives, reviewByMs, reasons } as const;
  const entered = await catalog.recordDecisions(application, [decision], accountName(services.environment));
  output.result(
    { ...plan, number: entered.objectivesNumber },
    () => `Entered, unsigned. Their owner signs them by: holdfast objectives sign ${application} --by NAME`,
  );
};

function changeObjectives(held: Objectives | null, input: SetObjectivesInput): EnteredObjectives {
  const [rtoMs, rpoMs] = [input.rtoMs ?? held?.rtoMs, input.rpoMs ?? held?.rpoMs];
  if (rtoMs === undefined || rpoMs === undefined)
    throw new HoldfastError({
      code: "cli.usage.objectives",
      message: `${input.application} has no objectives yet, and one of RTO and RPO was not given`,
      advice: "Give --rto and --rpo, or answer the interview by `holdfast objectives interview`.",
    });
  const exceptions = { ...held?.exceptions, ...exceptionsOf(input) };
  const objectives: EnteredObjectives = {
    rtoMs,
    rpoMs,
    retention: retentionOf(held, input),
    consistency: input.consistency ?? held?.consistency ?? "crash",
    owner: input.owner ?? held?.owner ?? "",
    ...(Object.keys(exceptions).length === 0 ? {} : { exceptions }),
  };
  const problem = problemOfObjectives(objectives);
  if (problem === null) return objectives;
  throw new HoldfastError({
    code: "cli.usage.objectives",
    message: `these objectives cannot be meant: ${problem}`,
    advice: "Correct the options; nothing was entered.",
  });
}

function retentionOf(held: Objectives | null, input: SetObjectivesInput): EnteredObjectives["retention"] {
  const { keepLast, keepHourly, keepDaily, keepWeekly, keepMonthly, keepYearly } = input;
  const counts = [keepLast, keepHourly, keepDaily, keepWeekly, keepMonthly, keepYearly];
  const before = held?.retention ?? usualRetention;
  const timeZone = input.timeZone ?? before.timeZone;
  if (counts.every((count) => count === undefined)) return { ...before, timeZone };
  const { timeZone: zone, ...rules } = retentionRules({ ...input, timeZone });
  return { ...Object.fromEntries(Object.entries(rules).filter(([, count]) => count > 0)), timeZone: zone };
}

function exceptionsOf({ borne, in: own }: SetObjectivesInput): NonNullable<EnteredObjectives["exceptions"]> {
  const entries = [
    ...[...(borne ?? [])].map(([typed, reason]) => [scenarioOf(typed), { borne: reason }] as const),
    ...[...(own ?? [])].map(([typed, spans]) => [scenarioOf(typed), toleranceOf(typed, spans)] as const),
  ];
  return Object.fromEntries(entries);
}

function toleranceOf(scenario: string, spans: string): { readonly rtoMs: number; readonly rpoMs: number } {
  const [rto, rpo, ...rest] = spans.split("/");
  if (rto === undefined || rpo === undefined || rest.length > 0) throw wrongScenario(`${scenario}=${spans}`);
  return { rtoMs: parseDuration(rto), rpoMs: parseDuration(rpo) };
}

function scenarioOf(typed: string): Scenario {
  const found = scenarios.find((scenario) => scenario === typed);
  if (found === undefined) throw wrongScenario(typed);
  return found;
}

function wrongScenario(typed: string): HoldfastError {
  return new HoldfastError({
    code: "cli.usage.scenario",
    message: `"${typed}" names no scenario with what is tolerated in it`,
    advice: `The scenarios are ${scenarios.join(", ")}; give --in stamp=8h/4h or --borne site='there is one site'.`,
  });
}

function describeChange(application: string, { objectives }: ApplicationDecisions, after: Objectives): string {
  const before = new Map(objectives === null ? [] : objectiveFields(objectives));
  const fields = new Map(objectiveFields(after));
  const rows = [...new Set([...before.keys(), ...fields.keys()])].map((name) => {
    const [old, next] = [before.get(name) ?? "", fields.get(name) ?? ""];
    return [old === next ? "" : "*", name, old, next];
  });
  const signed = objectives?.signOff;
  const warning =
    signed === null || signed === undefined
      ? ""
      : `The signature of ${signed.by} of ${formatDay(signed.atMs)} is under the old ones and ends.\n`;
  return `\nObjectives of ${application}\n${formatTable(["", "", "NOW", "THEN"], rows)}${warning}`;
}
