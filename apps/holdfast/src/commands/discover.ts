import { discover } from "@holdfast/engine";
import type { CommandHandler } from "../cli/context.ts";
import { formatError, renderError } from "../cli/error-rendering.ts";
import type { RenderedError } from "../cli/error-rendering.ts";
import { exitCodes } from "../cli/exit-codes.ts";
import { formatTable } from "../cli/table.ts";
import { findStampNamed } from "./stamp-list.ts";
import { chooseStamp, openStamp } from "./stamp-session.ts";

/** Reads the inventory of one stamp or of all. One stamp that fails does not keep the others from being read. */
export const runDiscover: CommandHandler<{ readonly stamp: string | undefined }> = async ({ stamp }, context) => {
  const { services, output, signal } = context;
  await using catalog = await services.openCatalog();
  const listed = stamp === undefined ? await catalog.listStamps() : [await findStampNamed(catalog, stamp)];
  const records = listed.length === 0 ? [await chooseStamp(catalog, undefined)] : listed;
  const found: Record<string, string | number>[] = [];
  const failed: RenderedError[] = [];
  for (const record of records) {
    try {
      await using session = await openStamp(catalog, record, context);
      const inventory = await discover(session.deps, { signal });
      const disks = inventory.vms.reduce((sum, vm) => sum + vm.disks.length, 0);
      found.push({ stamp: record.name, location: inventory.location, vms: inventory.vms.length, disks });
    } catch (error) {
      signal.throwIfAborted();
      if (records.length === 1) throw error;
      const rendered = renderError(error);
      failed.push({ ...rendered, details: { ...rendered.details, stamp: record.name } });
      output.note(`${record.name} could not be read; its last inventory stays`);
      output.note(formatError(rendered).trimEnd());
    }
  }
  output.result({ stamps: found, failed }, () =>
    formatTable(
      ["STAMP", "LOCATION", "VMS", "DISKS"],
      found.map((row) => Object.values(row).map(String)),
    ),
  );
  if (failed.length === 0) return exitCodes.ok;
  return found.length === 0 ? exitCodes.error : exitCodes.partial;
};
