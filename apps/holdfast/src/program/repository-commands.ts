import type { Command } from "commander";
import type { CheckInput } from "../commands/check.ts";
import type { AddRepositoryInput } from "../commands/repo-add.ts";
import type { InitRepositoryInput } from "../commands/repo-init.ts";
import { addCopyCommands } from "./copy-commands.ts";
import { addServeCommands } from "./serve-commands.ts";
import { addKeyCommands } from "./key-commands.ts";
import { defineCommand, gather, runLazily } from "./define.ts";
import type { ProgramParts } from "./define.ts";
import { kdfOption, withOtherKey, withRepository } from "./repository-options.ts";

export function addRepositoryCommands(program: Command, parts: ProgramParts): void {
  const repo = program.command("repo").description("make the encrypted repository and see where it is");
  defineCommand(repo, "init <location>", {
    description:
      "make an encrypted repository in a folder, with a recovery kit that opens it should the passphrase be lost",
    examples: ["repo init /srv/holdfast", "repo init /srv/holdfast --passphrase-file pass.txt --recovery-kit kit.txt"],
  })
    .option("--name <name>", "name of the repository on this machine", "default")
    .option("--recovery-kit <file>", "write the recovery kit to this new file; for scripts, this confirms it")
    .option("--passphrase-file <file>", "file with the passphrase; asked for without it")
    .addOption(kdfOption())
    .action((location: string, options: Omit<InitRepositoryInput, "location">) =>
      runLazily(parts, async () => (await import("../commands/repo-init.ts")).runRepoInit, { ...options, location }),
    );
  defineCommand(repo, "add <location>", {
    description: "make an existing repository known here: on a new machine, or after the catalog was lost",
    examples: ["repo add /srv/holdfast", "repo add /srv/holdfast --recovery-code-file kit.txt"],
  })
    .option("--name <name>", "name of the repository on this machine", "default")
    .option("--passphrase-file <file>", "file with the passphrase; asked for without it")
    .option("--recovery-code", "ask for the code of the recovery kit instead of the passphrase")
    .option("--recovery-code-file <file>", "file with the recovery kit or its code, instead of the passphrase")
    .option("--share-file <file>", "file with a key share, instead of the passphrase; once for each share", gather)
    .action((location: string, options: Omit<AddRepositoryInput, "location">) =>
      runLazily(parts, async () => (await import("../commands/repo-add.ts")).runRepoAdd, { ...options, location }),
    );
  defineCommand(repo, "info [name]", {
    description: "list the repositories that are known; of one, ask its store what it can do and how it locks",
    examples: ["repo info", "repo info default"],
  }).action((name?: string) =>
    runLazily(
      parts,
      async () => (await import("../commands/repo-info.ts")).runRepoInfo,
      name === undefined ? {} : { name },
    ),
  );
  defineCommand(repo, "validate <location>", {
    description:
      "try whether a folder, share, container or bucket gives what a repository needs, in a scratch folder that is deleted",
    examples: [
      "repo validate /mnt/nas/holdfast",
      "repo validate 's3://backups?endpoint=https://s3.example.org' --json",
    ],
  }).action((location: string) =>
    runLazily(parts, async () => (await import("../commands/repo-validate.ts")).runRepoValidate, { location }),
  );
  addServeCommands(repo, parts);
  addKeyCommands(repo, parts);
  addCopyCommands(repo, parts);
  const check = withRepository(
    defineCommand(program, "check", {
      description: "read and verify every byte of every recovery point",
      examples: ["check", "check --json", "check --heal-from offsite"],
    }),
  ).option("--heal-from <name>", "heal what is damaged from the copies in this repository, as repo heal does");
  withOtherKey(check, "from", "the repository with the copies").action((options: CheckInput) =>
    runLazily(parts, async () => (await import("../commands/check.ts")).runCheck, options),
  );
}
