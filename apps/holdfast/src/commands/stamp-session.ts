import type { Catalog, StampRecord } from "@holdfast/catalog";
import { runJanitor } from "@holdfast/engine";
import type { JanitorReport, Stamp, StampDeps } from "@holdfast/engine";
import { HoldfastError } from "@holdfast/kernel";
import { serviceOptions } from "../cli/context.ts";
import type { CommandContext } from "../cli/context.ts";
import { formatError, renderError } from "../cli/error-rendering.ts";
import { showWorkflow } from "../cli/workflow-progress.ts";
import { findStampNamed } from "./stamp-list.ts";

/** A connected stamp with what workflows need beside it. */
export interface StampSession extends AsyncDisposable {
  readonly stamp: Stamp;
  readonly deps: StampDeps & { readonly owner: string };
}

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
  catalog: Catalog,
  record: StampRecord,
  context: CommandContext,
): Promise<StampSession> {
  const { services, output } = context;
  using progress = output.startProgress();
  progress.phase(`connecting ${record.name}`);
  const owner = await catalog.settleInstallation(services.random.uuid());
  const stamp = await services.connectStamp(record, serviceOptions(context));
  return {
    stamp,
    deps: { stamp, records: catalog, clock: services.clock, random: services.random, owner },
    [Symbol.asyncDispose]: () => stamp[Symbol.asyncDispose](),
  };
}

/** Removes what dead runs left on a stamp, and says what it was. */
export async function cleanStamp(session: StampSession, context: CommandContext): Promise<JanitorReport> {
  const { output, signal } = context;
  using progress = output.startProgress();
  const report = await runJanitor(session.deps, { signal, onProgress: showWorkflow(output, progress) });
  for (const { kind, objectId } of report.removed) output.note(`removed the ${kind} ${objectId} that a dead run left`);
  for (const id of report.orphanSnapshotIds) output.note(`removed the snapshot ${id} that no run owns`);
  return report;
}

/**
 * Connects a stamp and cleans up on it first, as every command that uses a stamp does. A clean-up that fails is told and
 * does not stop the command: an identity that may only read can still discover, and the ledger forgets nothing.
 */
export async function openStamp(catalog: Catalog, record: StampRecord, context: CommandContext): Promise<StampSession> {
  await using opening = new AsyncDisposableStack();
  const session = opening.use(await connectKnownStamp(catalog, record, context));
  try {
    await cleanStamp(session, context);
  } catch (error) {
    context.signal.throwIfAborted();
    context.output.note(`warning: what dead runs may have left on ${record.name} could not be looked for`);
    context.output.note(formatError(renderError(error)).trimEnd());
  }
  opening.move();
  return session;
}
