import { HoldfastError } from "@holdfast/kernel";
import type { Secret } from "@holdfast/kernel";
import type { CommandContext } from "./context.ts";
import { readSecretFile } from "./secret-file.ts";

export interface PassphraseOptions {
  /** From `--passphrase-file`. */
  readonly passphraseFile?: string;
  /** Says which repository is meant, where two are opened. */
  readonly repositoryName?: string;
  /** Asked twice for a new repository. */
  readonly isNew?: boolean;
}

/**
 * The repository's passphrase: from `--passphrase-file`, from the file that `HOLDFAST_PASSPHRASE_FILE` names, or typed
 * unseen. Never from the command line, where other users of the machine can read it.
 */
export async function readPassphrase(options: PassphraseOptions, context: CommandContext): Promise<Secret> {
  const { terminal, services, output } = context;
  const path = options.passphraseFile ?? services.environment["HOLDFAST_PASSPHRASE_FILE"];
  if (path) return await readSecretFile(path, "the passphrase", output);
  if (!terminal.isInteractive) {
    throw new HoldfastError({
      code: "cli.passphrase.missing",
      message: "the repository's passphrase is needed, and there is no terminal to ask for it",
      advice: "Name a file with it by --passphrase-file or HOLDFAST_PASSPHRASE_FILE.",
    });
  }
  return options.isNew === true ? await askTwice("Passphrase", context) : await askOnce(options, context);
}

/** A passphrase for a new slot: from its own file or typed twice, never from where the present one comes. */
export async function readNewPassphrase(path: string | undefined, context: CommandContext): Promise<Secret> {
  if (path !== undefined) return await readSecretFile(path, "the new passphrase", context.output);
  if (context.terminal.isInteractive) return await askTwice("New passphrase", context);
  throw new HoldfastError({
    code: "cli.passphrase.missing",
    message: "the new passphrase is needed, and there is no terminal to ask for it",
    advice: "Name a file with it by --new-passphrase-file.",
  });
}

async function askOnce({ repositoryName }: PassphraseOptions, { terminal, signal }: CommandContext): Promise<Secret> {
  const which = repositoryName === undefined ? "the repository" : `repository ${repositoryName}`;
  return requireText(await terminal.askHidden(`Passphrase of ${which}: `, { signal }));
}

/** A slip in a new passphrase is found only when the data is needed, so it is asked for twice. */
async function askTwice(what: string, { terminal, signal }: CommandContext): Promise<Secret> {
  const passphrase = await terminal.askHidden(`${what} of the repository: `, { signal });
  const again = await terminal.askHidden("The same again: ", { signal });
  if (again.reveal() === passphrase.reveal()) return requireText(passphrase);
  throw new HoldfastError({
    code: "cli.passphrase.differs",
    message: "the two passphrases differ",
    advice: "Run the command again; nothing was made.",
  });
}

function requireText(passphrase: Secret): Secret {
  if (passphrase.reveal() !== "") return passphrase;
  throw new HoldfastError({
    code: "cli.passphrase.empty",
    message: "the passphrase is empty",
    advice: "Choose a long one; without it, or the recovery kit, nothing in the repository can be read.",
  });
}
