import { formatDay, objectiveFields } from "@holdfast/domain";
import { HoldfastError } from "@holdfast/kernel";
import type { Catalog } from "@holdfast/catalog";
import type { ApplicationDecisions } from "@holdfast/domain";
import { accountName } from "../cli/account-name.ts";
import type { CommandHandler } from "../cli/context.ts";
import { momentAhead } from "../cli/moment.ts";
import type { Moment } from "../cli/moment.ts";
import { proposeChange } from "../cli/propose-change.ts";
import type { ChangeOptions } from "../cli/propose-change.ts";
import { formatFields } from "../cli/table.ts";
import { nearestNames } from "../selection/nearest-names.ts";

export interface SignInput extends ChangeOptions {
  readonly application: string;
  readonly by: string;
  readonly reviewIn: Moment;
}

/** Signs the objectives that are shown, and no others: a change in between is refused. */
export const runSignObjectives: CommandHandler<SignInput> = async (input, context) => {
  const { services, output } = context;
  const { application, by } = input;
  await using catalog = await services.openCatalog();
  const { objectives, objectivesNumber } = await requireDecisions(catalog, application);
  if (objectives === null || objectivesNumber === null) throw noObjectives(application);
  const reviewByMs = momentAhead(input.reviewIn, services.clock.now());
  if (objectives.owner !== "" && objectives.owner !== by)
    output.note(`The owner is ${objectives.owner}; ${by} signs in their place.`);
  const plan = { application, by, objectivesNumber, objectives, reviewByMs };
  const text = `\n${by} signs entry ${objectivesNumber} of ${application}:\n${formatFields(objectiveFields({ ...objectives, reviewByMs }))}`;
  if (!(await proposeChange({ plan, text, question: "Sign?" }, input, context))) return;
  const decision = { kind: "signed", by, objectivesNumber, reviewByMs } as const;
  const after = await catalog.recordDecisions(application, [decision], accountName(services.environment));
  output.result(
    { ...plan, objectives: after.objectives },
    () => `Signed by ${by}. To be reviewed by ${formatDay(reviewByMs)}.`,
  );
};

/** What holds of an application; raises `cli.application.not-found` where nothing was ever recorded of it. */
export async function requireDecisions(catalog: Catalog, application: string): Promise<ApplicationDecisions> {
  const all = await catalog.loadDecisions();
  const found = all.get(application);
  if (found !== undefined) return found;
  const near = nearestNames(application, [...all.keys()]);
  throw new HoldfastError({
    code: "cli.application.not-found",
    message: `nothing is recorded of an application ${application}`,
    advice:
      near.length > 0 ? `Did you mean ${near.join(" or ")}?` : "Enter objectives by `holdfast objectives interview`.",
    details: { application },
  });
}

function noObjectives(application: string): HoldfastError {
  return new HoldfastError({
    code: "cli.application.not-found",
    message: `${application} has no objectives to sign`,
    advice: `Enter them by \`holdfast objectives interview ${application}\`.`,
    details: { application },
  });
}
