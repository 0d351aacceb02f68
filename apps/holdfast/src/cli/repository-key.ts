import { Secret } from "@holdfast/kernel";
import type { RepositoryKey } from "../composition/services.ts";
import type { CommandContext } from "./context.ts";
import { readPassphrase } from "./passphrase.ts";
import type { PassphraseOptions } from "./passphrase.ts";
import { readSecretFile } from "./secret-file.ts";

export interface RepositoryKeyOptions extends PassphraseOptions {
  /** A file with the recovery kit, or with its code alone. */
  readonly recoveryCodeFile?: string;
}

/** What opens a repository: the kit's code where a file with it is named, else the passphrase. */
export async function readRepositoryKey(
  options: RepositoryKeyOptions,
  context: CommandContext,
): Promise<RepositoryKey> {
  if (options.recoveryCodeFile === undefined) return { passphrase: await readPassphrase(options, context) };
  const file = await readSecretFile(options.recoveryCodeFile, "the recovery code", context.output);
  const code = /^Code:\s*(\S+)\s*$/m.exec(file.reveal())?.[1] ?? file.reveal().trim();
  return { recoveryCode: new Secret(code) };
}
