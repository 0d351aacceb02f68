import type { Catalog, StampRecord } from "@holdfast/catalog";
import type { Stamp } from "@holdfast/engine";
import { HoldfastError } from "@holdfast/kernel";
import { serviceOptions } from "../cli/context.ts";
import type { CommandContext } from "../cli/context.ts";
import { findStampNamed } from "./stamp-list.ts";

/** The stamp that is named, or the only one there is. Raises `cli.stamp.not-found` and `cli.stamp.unnamed`. */
export async function chooseStamp(catalog: Catalog, name: string | undefined): Promise<StampRecord> {
  if (name !== undefined) return await findStampNamed(catalog, name);
  const stamps = await catalog.listStamps();
  const [only] = stamps;
  if (only !== undefined && stamps.length === 1) return only;
  if (only === undefined) {
    throw new HoldfastError({
      code: "cli.stamp.not-found",
      message: "no stamp is connected yet",
      advice: "Connect one by `holdfast stamp add`.",
    });
  }
  throw new HoldfastError({
    code: "cli.stamp.unnamed",
    message: `there are ${stamps.length} stamps: ${stamps.map((stamp) => stamp.name).join(", ")}`,
    advice: "Say which one is meant.",
  });
}

/** Connects a stamp of the catalog, saying so. */
export async function connectKnownStamp(
  record: StampRecord,
  context: CommandContext,
): Promise<Stamp & AsyncDisposable> {
  using progress = context.output.startProgress();
  progress.phase(`connecting ${record.name}`);
  return await context.services.connectStamp(record, serviceOptions(context));
}
