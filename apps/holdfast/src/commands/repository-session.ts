import type { Catalog, RepositoryRecord } from "@holdfast/catalog";
import type { PointStore } from "@holdfast/engine";
import { HoldfastError } from "@holdfast/kernel";
import { serviceOptions } from "../cli/context.ts";
import type { CommandContext } from "../cli/context.ts";
import { readRepositoryKey } from "../cli/repository-key.ts";

export interface RepositoryOptions {
  /** From `--repo`; the default repository without it. */
  readonly repo?: string;
  readonly passphraseFile?: string;
  /** From `--recovery-code`: the kit's code is asked for instead of the passphrase. */
  readonly recoveryCode?: boolean;
  /** From `--recovery-code-file`: the kit's code instead of the passphrase. */
  readonly recoveryCodeFile?: string;
  /** From `--share-file`, once a share: enough shares of one set instead of the passphrase. */
  readonly shareFile?: readonly string[];
}

/** Raises `cli.repository.not-found`. */
export async function chooseRepository(catalog: Catalog, name?: string): Promise<RepositoryRecord> {
  const repository = await catalog.findRepository(name);
  if (repository !== null) return repository;
  throw new HoldfastError({
    code: "cli.repository.not-found",
    message: name === undefined ? "there is no repository yet" : `no repository is called ${name}`,
    advice: "Make one by `holdfast repo init`, or list them by `holdfast repo info`.",
    details: name === undefined ? {} : { name },
  });
}

/** Asks for the passphrase and opens a repository; refuses one that is not the one the catalog knows. */
export async function openKnownRepository(
  catalog: Catalog,
  options: RepositoryOptions,
  context: CommandContext,
): Promise<PointStore> {
  const record = await chooseRepository(catalog, options.repo);
  const key = await readRepositoryKey({ ...options, repositoryName: record.name }, context);
  using progress = context.output.startProgress();
  progress.phase(`opening repository ${record.name}`);
  await using opening = new AsyncDisposableStack();
  const store = opening.use(await context.services.openRepository(record.location, key, serviceOptions(context)));
  requireSameRepository(record, store.id);
  opening.move();
  return store;
}

/** Raises `cli.repository.replaced` where another repository stands at the place of a known one. */
export function requireSameRepository({ name, location, id }: RepositoryRecord, found: string): void {
  if (found === id) return;
  throw new HoldfastError({
    code: "cli.repository.replaced",
    message: `at ${location} there is another repository than the one called ${name}`,
    advice:
      "Check that the right volume is mounted; to use the other one, add it by `holdfast repo add` under a new name.",
    details: { location, expected: id, found },
  });
}
