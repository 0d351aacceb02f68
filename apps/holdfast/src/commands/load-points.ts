import type { Catalog } from "@holdfast/catalog";
import type { RecoveryPoint } from "@holdfast/domain";
import type { CommandContext } from "../cli/context.ts";
import { openKnownRepository } from "./repository-session.ts";
import type { RepositoryOptions } from "./repository-session.ts";

/** All points of a repository that is opened for it. */
export async function loadPoints(
  catalog: Catalog,
  input: RepositoryOptions,
  context: CommandContext,
): Promise<readonly RecoveryPoint[]> {
  await using store = await openKnownRepository(catalog, input, context);
  return await store.listPoints({ signal: context.signal });
}
