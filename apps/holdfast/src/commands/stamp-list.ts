import type { Catalog, StampRecord } from "@holdfast/catalog";
import { HoldfastError } from "@holdfast/kernel";
import type { CommandHandler } from "../cli/context.ts";
import { formatFields, formatTable } from "../cli/table.ts";
import { nearestNames } from "../selection/nearest-names.ts";

/** Raises `cli.stamp.not-found` with the nearest names. */
export async function findStampNamed(catalog: Catalog, name: string): Promise<StampRecord> {
  const stamp = await catalog.findStamp(name);
  if (stamp !== null) return stamp;
  const names = (await catalog.listStamps()).map((known) => known.name);
  const near = nearestNames(name, names);
  throw new HoldfastError({
    code: "cli.stamp.not-found",
    message: `no stamp is called ${name}`,
    advice:
      near.length > 0
        ? `Did you mean ${near.join(" or ")}?`
        : names.length > 0
          ? `Connected are ${names.join(", ")}.`
          : "Connect one by `holdfast stamp add`.",
    details: { name },
  });
}

export const runStampList: CommandHandler<object> = async (_input, { services, output }) => {
  await using catalog = await services.openCatalog();
  const stamps = await catalog.listStamps();
  output.result(stamps, () =>
    stamps.length === 0
      ? "No stamp is connected. Connect one by `holdfast stamp add`."
      : formatTable(
          ["NAME", "ENDPOINT", "TENANT", "SUBSCRIPTION"],
          stamps.map((stamp) => [stamp.name, stamp.armEndpoint, stamp.tenant, stamp.subscriptionId ?? ""]),
        ),
  );
};

export const runStampShow: CommandHandler<{ readonly name: string }> = async ({ name }, { services, output }) => {
  await using catalog = await services.openCatalog();
  const stamp = await findStampNamed(catalog, name);
  const probe = await catalog.loadProbe(name);
  output.result({ ...stamp, probe }, () =>
    formatFields([
      ["name", stamp.name],
      ["endpoint", stamp.armEndpoint],
      ["tenant", stamp.tenant],
      ["client id", stamp.clientId],
      ["credential", `${stamp.credential.kind} ${stamp.credential.path}`],
      ["ca file", stamp.caFile ?? "none"],
      ["subscription", stamp.subscriptionId ?? "the only one"],
      ...Object.entries(stamp.resolve).map(([host, address]): [string, string] => ["resolve", `${host}=${address}`]),
      ...(probe?.capabilities ?? []).map(({ name: capability, state }): [string, string] => [capability, state]),
    ]),
  );
};

export const runStampRemove: CommandHandler<{ readonly name: string; readonly leaveObjects?: boolean }> = async (
  { name, leaveObjects },
  { services, output },
) => {
  await using catalog = await services.openCatalog();
  await findStampNamed(catalog, name);
  await catalog.removeStamp(name, { leaveObjects: leaveObjects ?? false });
  output.result({ removed: name }, () => `The stamp ${name} is forgotten; its recovery points stay.`);
};
