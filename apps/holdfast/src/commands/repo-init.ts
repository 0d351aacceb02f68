import { open, rm } from "node:fs/promises";
import { resolve } from "node:path";
import { HoldfastError } from "@holdfast/kernel";
import { serviceOptions } from "../cli/context.ts";
import type { CommandContext, CommandHandler } from "../cli/context.ts";
import { readPassphrase } from "../cli/passphrase.ts";
import { formatFields } from "../cli/table.ts";
import type { MadeRepository } from "../composition/services.ts";

export interface InitRepositoryInput {
  readonly location: string;
  readonly name: string;
  readonly recoveryKit?: string;
  readonly passphraseFile?: string;
}

/** Makes a repository, but only once its recovery kit is known to be kept. */
export const runRepoInit: CommandHandler<InitRepositoryInput> = async (input, context) => {
  const { services, output } = context;
  const location = input.location.includes("://") ? input.location : resolve(input.location);
  await using catalog = await services.openCatalog();
  if ((await catalog.findRepository(input.name)) !== null) throw nameTaken(input.name);
  requireKitKeeper(input, context);
  const passphrase = await readPassphrase({ ...input, isNew: true }, context);
  const keepKit = (made: MadeRepository): Promise<void> =>
    input.recoveryKit === undefined ? showKit(made, context) : writeKit(made, input.recoveryKit, output.note);
  const { id } = await services.createRepository({ location, passphrase, keepKit }, serviceOptions(context));
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

/** Found out before the passphrase is asked for and before anything is made. */
function requireKitKeeper({ recoveryKit }: InitRepositoryInput, { terminal }: CommandContext): void {
  if (recoveryKit !== undefined || terminal.isInteractive) return;
  throw new HoldfastError({
    code: "cli.input.needed",
    message: "a repository is made only with a recovery kit, and there is no terminal to show it on",
    advice: "Name a file for it by --recovery-kit, print the file, and keep the paper away from the repository.",
  });
}

/** Writes the kit to a file that did not exist, on the disk before the repository becomes usable. */
async function writeKit(made: MadeRepository, path: string, note: (line: string) => void): Promise<void> {
  try {
    await using file = await open(path, "wx", 0o600);
    await file.writeFile(made.recoveryKit.reveal());
    await file.sync();
  } catch (error) {
    const isThere = error instanceof Error && "code" in error && error.code === "EEXIST";
    // A kit cut short by a full disk must not be taken for one; a file that was there before is not ours to remove.
    if (!isThere) await rm(path, { force: true });
    throw new HoldfastError({
      code: "cli.kit.unwritten",
      message: `the recovery kit could not be written to ${path}${isThere ? ": the file is there already" : ""}`,
      advice: "Name a new file on a volume with space; no repository was made.",
      details: { path },
      cause: error,
    });
  }
  note(`the recovery kit is in ${path}: print it, keep it away from the repository, then delete the file`);
}

async function showKit(made: MadeRepository, { terminal, signal }: CommandContext): Promise<void> {
  terminal.writeErr(`\n${made.recoveryKit.reveal()}\n`);
  const typed = await terminal.ask("Print or write it down. Then type the last group of its code: ", { signal });
  if (typed.trim().toLowerCase() === made.lastGroup.reveal().toLowerCase()) return;
  throw new HoldfastError({
    code: "cli.kit.unconfirmed",
    message: "that is not the last group of the recovery kit's code",
    advice: "Run the command again and keep the kit; no repository was made.",
  });
}

function nameTaken(name: string): HoldfastError {
  return new HoldfastError({
    code: "cli.repository.exists",
    message: `a repository is already called ${name}`,
    advice: "Choose another name by --name.",
    details: { name },
  });
}
