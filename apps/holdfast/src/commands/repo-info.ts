import { formatInstant } from "@holdfast/kernel";
import type { LockRule, ObjectLock, StoreTraits } from "@holdfast/repository";
import { serviceOptions } from "../cli/context.ts";
import type { CommandHandler } from "../cli/context.ts";
import { formatFields, formatTable } from "../cli/table.ts";
import { chooseRepository } from "./repository-session.ts";

export interface RepositoryInfoInput {
  /** All repositories without it. */
  readonly name?: string;
}

/** What is known of the repositories without opening them; of one that is named, also what its store tells of itself. */
export const runRepoInfo: CommandHandler<RepositoryInfoInput> = async ({ name }, context) => {
  const { services, output } = context;
  await using catalog = await services.openCatalog();
  if (name === undefined) {
    const repositories = await catalog.listRepositories();
    output.result(repositories, () =>
      repositories.length === 0
        ? "There is no repository. Make one by `holdfast repo init`."
        : formatTable(
            ["NAME", "LOCATION", "ID", "DEFAULT"],
            repositories.map(({ name, location, id, isDefault }) => [name, location, id, isDefault ? "yes" : ""]),
          ),
    );
    return;
  }
  const repository = await chooseRepository(catalog, name);
  const store = await services.openStore(repository.location, serviceOptions(context));
  const traits: StoreTraits =
    store.readTraits === undefined
      ? { hasExclusiveCreate: true, objectLock: null, medium: null }
      : await store.readTraits({ signal: context.signal });
  output.result({ ...repository, store: traits }, () =>
    formatFields([
      ["repository", repository.name],
      ["location", repository.location],
      ["id", repository.id],
      ["default", repository.isDefault ? "yes" : "no"],
      ["create", traits.hasExclusiveCreate ? "exclusive" : "NOT exclusive: never make one repository from two places"],
      ...(traits.medium === null ? [] : [["medium", `${traits.medium.name}: ${traits.medium.durability}`] as const]),
      ...lockFields(traits.objectLock),
    ]),
  );
};

function lockFields(lock: ObjectLock | null): readonly (readonly [string, string])[] {
  if (lock === null) return [["object lock", "none: who can write to the store can delete from it"]];
  const rule = (of: LockRule | null): string => (of === null ? "none" : `${of.mode}, ${of.days} days`);
  const { example } = lock;
  return [
    ["object lock", lock.isEnabled ? "enabled in the bucket" : "not enabled in the bucket"],
    ["asked for", rule(lock.wanted)],
    ["bucket's own", rule(lock.byBucket)],
    [
      "read back",
      example === null
        ? "no locked point"
        : `${example.object}: ${example.mode} until ${formatInstant(example.untilMs)}`,
    ],
  ];
}
