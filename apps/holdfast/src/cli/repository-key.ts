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
  /** Files with key shares, each with its whole sheet or its share alone. */
  readonly shareFile?: readonly string[];
}

/** What opens a repository: shares or the kit's code where these are asked for, else the passphrase. */
export async function readRepositoryKey(
  options: RepositoryKeyOptions,
  context: CommandContext,
): Promise<RepositoryKey> {
  if (options.shareFile !== undefined) {
    const shares: Secret[] = [];
    for (const path of options.shareFile) shares.push(await readLabelled(path, "a key share", "Share", context));
    return { shares };
  }
  if (options.recoveryCodeFile === undefined) {
    if (options.recoveryCode === true) return { recoveryCode: await askRecoveryCode(context) };
    return { passphrase: await readPassphrase(options, context) };
  }
  return { recoveryCode: await readLabelled(options.recoveryCodeFile, "the recovery code", "Code", context) };
}

/** Reads a printed sheet, or its code alone. A sheet typed again may have blanks for dashes: the whole line is the code. */
async function readLabelled(path: string, what: string, label: string, { output }: CommandContext): Promise<Secret> {
  const file = await readSecretFile(path, what, output);
  const code = new RegExp(`^[ \\t]*${label}:[ \\t]*(\\S.*)$`, "im").exec(file.reveal())?.[1] ?? file.reveal();
  return new Secret(code.trim());
}

async function askRecoveryCode({ terminal, signal }: CommandContext): Promise<Secret> {
  if (terminal.isInteractive) return await terminal.askHidden("Code of the recovery kit: ", { signal });
  throw new HoldfastError({
    code: "cli.input.needed",
    message: "the code of the recovery kit is needed, and there is no terminal to ask for it",
    advice: "Name a file with the kit or its code by --recovery-code-file.",
  });
}
