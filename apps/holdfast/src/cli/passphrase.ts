import { HoldfastError } from "@holdfast/kernel";
import type { Secret } from "@holdfast/kernel";
import type { CommandContext } from "./context.ts";
import { readSecretFile } from "./secret-file.ts";

export interface PassphraseOptions {
  /** From `--passphrase-file`. */
  readonly passphraseFile?: string;
  /** Asked twice for a new repository: a slip here is found only when the data is needed. */
  readonly isNew?: boolean;
}

/**
 * The repository's passphrase: from `--passphrase-file`, from the file that `HOLDFAST_PASSPHRASE_FILE` names, or typed
 * unseen. Never from the command line, where other users of the machine can read it.
 */
export async function readPassphrase(options: PassphraseOptions, context: CommandContext): Promise<Secret> {
  const { terminal, services, output, signal } = context;
  const path = options.passphraseFile ?? services.environment["HOLDFAST_PASSPHRASE_FILE"];
  if (path) return await readSecretFile(path, "the passphrase", output);
  if (!terminal.isInteractive) {
    throw new HoldfastError({
      code: "cli.passphrase.missing",
      message: "the repository's passphrase is needed, and there is no terminal to ask for it",
      advice: "Name a file with it by --passphrase-file or HOLDFAST_PASSPHRASE_FILE.",
    });
  }
  const passphrase = await terminal.askHidden("Passphrase of the repository: ", { signal });
  if (options.isNew === true) {
    const again = await terminal.askHidden("The same again: ", { signal });
    if (again.reveal() !== passphrase.reveal()) {
      throw new HoldfastError({
        code: "cli.passphrase.differs",
        message: "the two passphrases differ",
        advice: "Run the command again; nothing was made.",
      });
    }
  }
  if (passphrase.reveal() !== "") return passphrase;
  throw new HoldfastError({
    code: "cli.passphrase.empty",
    message: "the passphrase is empty",
    advice: "Choose a long one; without it, or the recovery kit, nothing in the repository can be read.",
  });
}
