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

/** What opens the second of two repositories; its passphrase is asked for without any of these. */
export function withOtherKey(command: Command, which: string): Command {
  return command
    .option("--to-passphrase-file <file>", `file with the passphrase of ${which}`)
    .option("--to-recovery-code-file <file>", `file with the recovery kit of ${which}, or its code`)
    .option("--to-share-file <file>", `file with a key share of ${which}; once for each share`, gather);
}
