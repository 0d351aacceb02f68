import { renderError } from "../cli/error-rendering.ts";
import type { CommandHandler } from "../cli/context.ts";
import { exitCodes } from "../cli/exit-codes.ts";
import { findStampNamed } from "./stamp-list.ts";
import { cleanStamp, connectKnownStamp } from "./stamp-session.ts";

/** Removes what dead runs left on one stamp, or on all. */
export const runJanitorCommand: CommandHandler<{ readonly stamp: string | undefined }> = async ({ stamp }, context) => {
  const { services, output } = context;
  await using catalog = await services.openCatalog();
  const records = stamp === undefined ? await catalog.listStamps() : [await findStampNamed(catalog, stamp)];
  const reports: { readonly removed: number; readonly failed: readonly object[]; readonly stamp: string }[] = [];
  for (const record of records) {
    await using session = await connectKnownStamp(catalog, record, context);
    const report = await cleanStamp(session, context);
    reports.push({
      stamp: record.name,
      removed: report.removed.length + report.orphanSnapshotIds.length,
      failed: report.failures.map(({ entry, error }) => ({
        kind: entry.kind,
        objectId: entry.objectId,
        error: renderError(error),
      })),
    });
  }
  output.result(reports, () =>
    reports
      .map(({ stamp: name, removed, failed }) =>
        removed + failed.length === 0
          ? `${name}: nothing was left behind`
          : `${name}: ${removed} removed, ${failed.length} could not be removed yet`,
      )
      .join("\n"),
  );
  return reports.some(({ failed }) => failed.length > 0) ? exitCodes.partial : exitCodes.ok;
};
