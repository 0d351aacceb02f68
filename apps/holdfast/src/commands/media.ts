import { resolve } from "node:path";
import { findBrokenEntry } from "@holdfast/catalog";
import type { Catalog, CustodyEntry, CustodyEvent, MediumRecord } from "@holdfast/catalog";
import type { PointStore } from "@holdfast/engine";
import { formatDuration, formatInstant, HoldfastError } from "@holdfast/kernel";
import { serviceOptions } from "../cli/context.ts";
import type { CommandContext, CommandHandler } from "../cli/context.ts";
import { exitCodes } from "../cli/exit-codes.ts";
import { readRepositoryKey } from "../cli/repository-key.ts";
import { formatTable } from "../cli/table.ts";
import { openKnownRepository, requireSameRepository } from "./repository-session.ts";
import type { RepositoryOptions } from "./repository-session.ts";

type KeyOptions = Omit<RepositoryOptions, "repo">;

export interface AddMediumInput extends KeyOptions {
  readonly name: string;
  readonly set: string;
}

/** Makes a known repository, which is on a removable disk, a medium of a set. */
export const runMediaAdd: CommandHandler<AddMediumInput> = async (input, context) => {
  const { name } = input;
  await using catalog = await context.services.openCatalog();
  if ((await catalog.findMedium(name)) !== null) throw mediumExists(name);
  await using store = await openKnownRepository(catalog, { ...input, repo: name }, context);
  await catalog.addMedium({ name, setName: input.set, repositoryId: store.id });
  const entry = await logState(catalog, { name, event: "added", findingCount: null }, store, context);
  context.output.result(entry, () => `${name} is a medium of set ${input.set}.`);
};

export interface AttachMediumInput extends KeyOptions {
  readonly name: string;
  /** Where it is mounted now, where that is not where it was. */
  readonly location?: string;
  readonly event: Extract<CustodyEvent, "attached" | "verified">;
}

/** Opens a medium that came back, and reads every byte of it; answers 21 where there is damage. */
export const runMediaAttach: CommandHandler<AttachMediumInput> = async (input, context) => {
  const { services, output, signal } = context;
  const { name, event } = input;
  await using catalog = await services.openCatalog();
  const medium = await requireMedium(catalog, name);
  const known = (await catalog.findRepository(name))!;
  const location = input.location === undefined ? known.location : placeOf(input.location);
  const key = await readRepositoryKey({ ...input, repositoryName: name }, context);
  await using store = await services.openRepository(location, key, serviceOptions(context));
  requireSameRepository({ ...known, id: medium.repositoryId, location }, store.id);
  if (location !== known.location) await catalog.saveRepository({ ...known, location });
  using progress = output.startProgress();
  progress.phase(`verifying ${name}`);
  const { findings } = await store.check({
    signal,
    onProgress: ({ readBytes, totalBytes }) => progress.advance(readBytes, totalBytes),
  });
  const entry = await logState(catalog, { name, event, findingCount: findings.length }, store, context);
  output.result({ ...entry, findings }, () => {
    const lines = findings.map(({ code, object, message }) => `${code} ${object}: ${message}`);
    const verdict = findings.length === 0 ? "no damage" : `${findings.length} findings`;
    return [...lines, `${name} of set ${medium.setName}: ${verdict}, ${entry.pointCount} points.`].join("\n");
  });
  return findings.length === 0 ? exitCodes.ok : exitCodes.unproven;
};

/** Notes who takes a medium away. */
export const runMediaHandOver: CommandHandler<{ readonly name: string; readonly to: string }> = async (
  { name, to },
  context,
) => {
  await using catalog = await context.services.openCatalog();
  const medium = await requireMedium(catalog, name);
  const last = (await catalog.listCustody(name)).findLast(({ pointCount }) => pointCount !== null);
  const entry = await catalog.logCustody({
    mediumName: name,
    event: "handed-over",
    holder: to,
    pointCount: last?.pointCount ?? null,
    newestPointAtMs: last?.newestPointAtMs ?? null,
    findingCount: null,
  });
  context.output.result(entry, () => `${name} of set ${medium.setName} is with ${to} from now on.`);
};

/** Tells of every medium where it is, how old its newest point is, and when it was last verified. */
export const runMediaList: CommandHandler<object> = async (_input, { services, output }) => {
  await using catalog = await services.openCatalog();
  const nowMs = services.clock.now();
  const media: MediumState[] = [];
  for (const medium of await catalog.listMedia()) media.push(stateOf(medium, await catalog.listCustody(medium.name)));
  const age = (atMs: number | null): string => (atMs === null ? "never" : `${formatDuration(nowMs - atMs)} ago`);
  output.result(media, () =>
    media.length === 0
      ? "There is no medium. Make a repository on one by `holdfast repo init`, then `holdfast media add`."
      : formatTable(
          ["SET", "MEDIUM", "WHERE", "SINCE", "POINTS", "NEWEST POINT", "VERIFIED", "RESULT"],
          media.map((medium) => [
            medium.setName,
            medium.name,
            medium.holder === null ? "here" : `with ${medium.holder}`,
            age(medium.sinceMs),
            String(medium.pointCount ?? ""),
            age(medium.newestPointAtMs),
            age(medium.verifiedAtMs),
            medium.findingCount === null
              ? ""
              : medium.findingCount === 0
                ? "no damage"
                : `${medium.findingCount} findings`,
          ]),
        ),
  );
};

type MediumState = ReturnType<typeof stateOf>;

/** What the log says of a medium; of one that is away, what was known when it left. */
function stateOf({ name, setName, repositoryId }: MediumRecord, log: readonly CustodyEntry[]) {
  const verified = log.findLast(({ findingCount }) => findingCount !== null);
  const last = log.at(-1);
  return {
    name,
    setName,
    repositoryId,
    holder: last?.holder ?? null,
    sinceMs: log.findLast(({ event }) => event !== "copied" && event !== "verified")?.atMs ?? null,
    pointCount: last?.pointCount ?? null,
    newestPointAtMs: last?.newestPointAtMs ?? null,
    verifiedAtMs: verified?.atMs ?? null,
    findingCount: verified?.findingCount ?? null,
    brokenEntry: findBrokenEntry(log),
  };
}

/** Shows the custody log of one medium; answers 21 where an entry was changed or is missing. */
export const runMediaLog: CommandHandler<{ readonly name: string }> = async ({ name }, { services, output }) => {
  await using catalog = await services.openCatalog();
  await requireMedium(catalog, name);
  const entries = await catalog.listCustody(name);
  const brokenEntry = findBrokenEntry(entries);
  output.result({ entries, brokenEntry }, () => {
    const table = formatTable(["NUMBER", "WHEN", "WHAT", "WHERE", "POINTS", "FINDINGS"], entries.map(describeEntry));
    return brokenEntry === null
      ? table
      : `${table}The log was changed: entry ${brokenEntry} is not what was written.\n`;
  });
  return brokenEntry === null ? exitCodes.ok : exitCodes.unproven;
};

/** Notes in the custody log what is on a medium now. */
export async function logState(
  catalog: Catalog,
  what: { readonly name: string; readonly event: CustodyEvent; readonly findingCount: number | null },
  store: Pick<PointStore, "listPoints">,
  { signal }: CommandContext,
): Promise<CustodyEntry> {
  const points = await store.listPoints({ signal });
  return await catalog.logCustody({
    mediumName: what.name,
    event: what.event,
    holder: null,
    pointCount: points.length,
    newestPointAtMs: points[0]?.publishedAtMs ?? null,
    findingCount: what.findingCount,
  });
}

async function requireMedium(catalog: Catalog, name: string): Promise<MediumRecord> {
  const medium = await catalog.findMedium(name);
  if (medium !== null) return medium;
  throw new HoldfastError({
    code: "cli.medium.not-found",
    message: `no medium is called ${name}`,
    advice: "List them by `holdfast media list`, or make one known by `holdfast media add`.",
    details: { name },
  });
}

function mediumExists(name: string): HoldfastError {
  return new HoldfastError({
    code: "cli.medium.exists",
    message: `${name} is a medium already`,
    advice: "See `holdfast media list`.",
    details: { name },
  });
}

function describeEntry(entry: CustodyEntry): readonly string[] {
  return [
    String(entry.number),
    formatInstant(entry.atMs),
    entry.event,
    entry.holder === null ? "here" : `with ${entry.holder}`,
    String(entry.pointCount ?? ""),
    String(entry.findingCount ?? ""),
  ];
}

function placeOf(location: string): string {
  return location.includes("://") ? location : resolve(location);
}
