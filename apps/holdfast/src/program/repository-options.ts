import { Option } from "commander";
import type { Command } from "commander";
import { gather } from "./define.ts";

/** The options of every command that opens a repository. */
export function withRepository(command: Command): Command {
  return withKey(command.option("--repo <name>", "repository to use, where it is not the default one"));
}

/** What opens a repository. */
export function withKey(command: Command): Command {
  return command
    .option("--passphrase-file <file>", "file with the repository's passphrase")
    .option("--recovery-code", "ask for the code of the recovery kit instead of the passphrase")
    .option("--recovery-code-file <file>", "file with the recovery kit or its code, instead of the passphrase")
    .option("--share-file <file>", "file with a key share, instead of the passphrase; once for each share", gather);
}

/** How a passphrase is stretched. */
export function kdfOption(): Option {
  const about = "how the passphrase is stretched; pbkdf2 where FIPS 140 rules, and the default in Node's FIPS mode";
  return new Option("--kdf <name>", about).choices(["argon2id", "pbkdf2"]);
}

/** What opens the other of two repositories; its passphrase is asked for without any of these. */
export function withOtherKey(command: Command, prefix: "from" | "to", which: string): Command {
  return command
    .option(`--${prefix}-passphrase-file <file>`, `file with the passphrase of ${which}`)
    .option(`--${prefix}-recovery-code-file <file>`, `file with the recovery kit of ${which}, or its code`)
    .option(`--${prefix}-share-file <file>`, `file with a key share of ${which}; once for each share`, gather);
}
