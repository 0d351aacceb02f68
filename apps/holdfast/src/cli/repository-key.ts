import { HoldfastError, Secret } from "@holdfast/kernel";
import type { RepositoryKey } from "../composition/services.ts";
import type { CommandContext } from "./context.ts";
import { readPassphrase } from "./passphrase.ts";
import type { PassphraseOptions } from "./passphrase.ts";
import { readSecretFile } from "./secret-file.ts";

export interface RepositoryKeyOptions extends PassphraseOptions {
  /** The code of the recovery kit is typed, instead of the passphrase. */
  readonly recoveryCode?: boolean;
  /** A file with the recovery kit, or with its code alone. */
  readonly recoveryCodeFile?: string;
}

/** What opens a repository: the kit's code, typed unseen or from a file, where that is asked for; else the passphrase. */
export async function readRepositoryKey(
  options: RepositoryKeyOptions,
  context: CommandContext,
): Promise<RepositoryKey> {
  if (options.recoveryCodeFile === undefined) {
    if (options.recoveryCode === true) return { recoveryCode: await askRecoveryCode(context) };
    return { passphrase: await readPassphrase(options, context) };
  }
  const file = await readSecretFile(options.recoveryCodeFile, "the recovery code", context.output);
  // A kit that was typed again may have blanks where the printed one has dashes: the whole line is the code.
  const code = /^[ \t]*Code:[ \t]*(\S.*)$/im.exec(file.reveal())?.[1] ?? file.reveal();
  return { recoveryCode: new Secret(code.trim()) };
}

async function askRecoveryCode({ terminal, signal }: CommandContext): Promise<Secret> {
  if (terminal.isInteractive) return await terminal.askHidden("Code of the recovery kit: ", { signal });
  throw new HoldfastError({
    code: "cli.input.needed",
    message: "the code of the recovery kit is needed, and there is no terminal to ask for it",
    advice: "Name a file with the kit or its code by --recovery-code-file.",
  });
}
