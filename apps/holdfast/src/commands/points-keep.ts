import { formatInstant } from "@holdfast/kernel";
import type { CommandHandler } from "../cli/context.ts";
import { formatTable } from "../cli/table.ts";
import { selectPoint } from "../selection/select-point.ts";
import { openForCopy } from "./repo-copy.ts";
import type { RepositoryOptions } from "./repository-session.ts";

export interface OnePointInput extends RepositoryOptions {
  readonly point: string;
}

/** Lists deleted points that can still be brought back. */
export const runDeletedPoints: CommandHandler<RepositoryOptions> = async (input, context) => {
  const { output, signal } = context;
  await using catalog = await context.services.openCatalog();
  await using store = await openForCopy(catalog, input, context);
  const deleted = (await store.listDeleted({ signal })).map(({ point, round, latestRound }) => ({
    ...point,
    prunesSince: latestRound - round,
  }));
  output.result(deleted, () =>
    deleted.length === 0
      ? "No deleted point can be brought back."
      : formatTable(
          ["POINT", "VM", "PUBLISHED", "PRUNES SINCE"],
          deleted.map(({ id, instance, publishedAtMs, prunesSince }) => [
            id,
            `${instance.resourceGroup}/${instance.name}`,
            formatInstant(publishedAtMs),
            String(prunesSince),
          ]),
        ),
  );
};

/** Brings a deleted point back. */
export const runUndeletePoint: CommandHandler<OnePointInput> = async (input, context) => {
  const { output, signal } = context;
  await using catalog = await context.services.openCatalog();
  await using store = await openForCopy(catalog, input, context);
  const deleted = await store.listDeleted({ signal });
  const { id } = selectPoint(
    input.point,
    deleted.map(({ point }) => point),
  );
  await store.undeletePoint(id, { signal });
  output.result({ pointId: id }, () => `Point ${id} is back.`);
};

/** Keeps a point from being deleted, by name or by rules. */
export const runHoldPoint: CommandHandler<OnePointInput & { readonly why: string }> = async (input, context) => {
  const { output, signal } = context;
  await using catalog = await context.services.openCatalog();
  await using store = await openForCopy(catalog, input, context);
  const { id } = selectPoint(input.point, await store.listPoints({ signal }));
  await store.holdPoint(id, input.why, { signal });
  const why = (await store.listHolds({ signal })).get(id);
  output.result({ pointId: id, why }, () => `Point ${id} is held: ${why}.`);
};

export const runReleasePoint: CommandHandler<OnePointInput> = async (input, context) => {
  const { output, signal } = context;
  await using catalog = await context.services.openCatalog();
  await using store = await openForCopy(catalog, input, context);
  const { id } = selectPoint(input.point, await store.listPoints({ signal }));
  await store.releasePoint(id, { signal });
  output.result({ pointId: id }, () => `Point ${id} is not held.`);
};
