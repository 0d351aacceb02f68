import { resolve } from "node:path";
import { HoldfastError } from "@holdfast/kernel";
import { serviceOptions } from "../cli/context.ts";
import type { CommandHandler } from "../cli/context.ts";
import { keepKit, requireKitKeeper } from "../cli/keep-secret-sheets.ts";
import { readPassphrase } from "../cli/passphrase.ts";
import { formatFields } from "../cli/table.ts";
import type { KdfName } from "../composition/services.ts";

export interface InitRepositoryInput {
  readonly location: string;
  readonly name: string;
  readonly recoveryKit?: string;
  readonly passphraseFile?: string;
  readonly kdf?: KdfName;
}

/** Makes a repository, but only once its recovery kit is known to be kept. */
export const runRepoInit: CommandHandler<InitRepositoryInput> = async (input, context) => {
  const { services, output } = context;
  const location = input.location.includes("://") ? input.location : resolve(input.location);
  await using catalog = await services.openCatalog();
  if ((await catalog.findRepository(input.name)) !== null) throw nameTaken(input.name);
  requireKitKeeper(input.recoveryKit, context);
  const passphrase = await readPassphrase({ ...input, isNew: true }, context);
  const { id } = await services.createRepository(
    {
      location,
      passphrase,
      ...(input.kdf === undefined ? {} : { kdf: input.kdf }),
      keepKit: (made) => keepKit(made, input.recoveryKit, context),
    },
    serviceOptions(context),
  );
  const isFirst = (await catalog.listRepositories()).length === 0;
  await catalog.saveRepository({ name: input.name, id, location, isDefault: isFirst });
  const made = { name: input.name, id, location, isDefault: isFirst, recoveryKit: input.recoveryKit ?? null };
  output.result(made, () =>
    formatFields([
      ["repository", `${input.name} is ready`],
      ["location", location],
      ["id", id],
      ["recovery kit", input.recoveryKit ?? "confirmed"],
    ]),
  );
};

function nameTaken(name: string): HoldfastError {
  return new HoldfastError({
    code: "cli.repository.exists",
    message: `a repository is already called ${name}`,
    advice: "Choose another name by --name.",
    details: { name },
  });
}
