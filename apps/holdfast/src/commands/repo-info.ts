import type { CommandHandler } from "../cli/context.ts";
import { formatTable } from "../cli/table.ts";

/** What is known of the repositories without opening them. */
export const runRepoInfo: CommandHandler<object> = async (_input, { services, output }) => {
  await using catalog = await services.openCatalog();
  const repositories = await catalog.listRepositories();
  output.result(repositories, () =>
    repositories.length === 0
      ? "There is no repository. Make one by `holdfast repo init`."
      : formatTable(
          ["NAME", "LOCATION", "ID", "DEFAULT"],
          repositories.map(({ name, location, id, isDefault }) => [name, location, id, isDefault ? "yes" : ""]),
        ),
  );
};
