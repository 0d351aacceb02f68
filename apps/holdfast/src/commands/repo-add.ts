import { resolve } from "node:path";
import { HoldfastError } from "@holdfast/kernel";
import { serviceOptions } from "../cli/context.ts";
import type { CommandHandler } from "../cli/context.ts";
import { readRepositoryKey } from "../cli/repository-key.ts";
import { formatFields } from "../cli/table.ts";

export interface AddRepositoryInput {
  readonly location: string;
  readonly name: string;
  readonly passphraseFile?: string;
  readonly recoveryCode?: boolean;
  readonly recoveryCodeFile?: string;
  readonly shareFile?: readonly string[];
}

/** Makes a repository that is there already known on this machine: after its catalog was lost, or on another machine. */
export const runRepoAdd: CommandHandler<AddRepositoryInput> = async (input, context) => {
  const { services, output } = context;
  const location = input.location.includes("://") ? input.location : resolve(input.location);
  await using catalog = await services.openCatalog();
  if ((await catalog.findRepository(input.name)) !== null) {
    throw new HoldfastError({
      code: "cli.repository.exists",
      message: `a repository is already called ${input.name}`,
      advice: "Choose another name by --name.",
      details: { name: input.name },
    });
  }
  const key = await readRepositoryKey(input, context);
  await using store = await services.openRepository(location, key, serviceOptions(context));
  const points = await store.listPoints({ signal: context.signal });
  const isFirst = (await catalog.listRepositories()).length === 0;
  await catalog.saveRepository({ name: input.name, id: store.id, location, isDefault: isFirst });
  output.result({ name: input.name, id: store.id, location, isDefault: isFirst, pointCount: points.length }, () =>
    formatFields([
      ["repository", `${input.name} is known`],
      ["location", location],
      ["id", store.id],
      ["points", String(points.length)],
    ]),
  );
};
