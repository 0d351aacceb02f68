import { Argument, InvalidArgumentError } from "commander";
import type { Command } from "commander";
import type { NewSlotOptions, SlotKind } from "../commands/keyring-session.ts";
import type { DrillInput } from "../commands/repo-keys-drill.ts";
import type { RemoveSlotInput } from "../commands/repo-keys.ts";
import type { RepositoryOptions } from "../commands/repository-session.ts";
import { defineCommand, runLazily } from "./define.ts";
import type { ProgramParts } from "./define.ts";
import { kdfOption, withRepository } from "./repository-options.ts";

export function addKeyCommands(repo: Command, parts: ProgramParts): void {
  const keys = repo
    .command("keys")
    .description("add, remove and try what opens a repository: passphrases, recovery kits, shares; see docs/keys.md");
  const load = async () => await import("../commands/repo-keys.ts");
  withRepository(
    defineCommand(keys, "list", {
      description: "list the key slots of a repository, and which of them opened it",
      examples: ["repo keys list", "repo keys list --recovery-code-file kit.txt --json"],
    }),
  ).action((options: RepositoryOptions) => runLazily(parts, async () => (await load()).runKeysList, options));
  const add = defineCommand(keys, "add", {
    description: "add a key slot beside the others: a passphrase, a recovery kit, or shares for several holders",
    examples: [
      "repo keys add passphrase",
      "repo keys add recovery --recovery-kit kit-2.txt",
      "repo keys add shares --threshold 3 --count 5 --shares-folder shares",
    ],
  }).addArgument(new Argument("<kind>", "what opens the slot").choices(["passphrase", "recovery", "shares"]));
  withNewSlot(withRepository(add)).action((kind: SlotKind, options: NewSlotOptions) =>
    runLazily(parts, async () => (await load()).runKeysAdd, { ...options, kind }),
  );
  withRepository(
    defineCommand(keys, "remove <slot>", {
      description:
        "remove a key slot; the master key does not change, so this does not lock out who has opened the repository by it",
      examples: ["repo keys remove 7f3a", "repo keys remove 7f3a --recovery-code-file kit.txt"],
    }),
  )
    .option("--accept-risk", "remove it though it opened the repository now, or only one slot would be left")
    .action((slot: string, options: Omit<RemoveSlotInput, "slot">) =>
      runLazily(parts, async () => (await load()).runKeysRemove, { ...options, slot }),
    );
  const rotate = defineCommand(keys, "rotate [slot]", {
    description:
      "put a new slot of the same kind in the place of one, by default of the one that opens; the master key does not change",
    examples: ["repo keys rotate", "repo keys rotate 7f3a --recovery-kit kit-2.txt"],
  });
  withNewSlot(withRepository(rotate)).action((slot: string | undefined, options: NewSlotOptions) =>
    runLazily(parts, async () => (await load()).runKeysRotate, slot === undefined ? options : { ...options, slot }),
  );
  withRepository(
    defineCommand(keys, "drill", {
      description: "prove that one secret still opens the repository, by its slot only, and read the newest point back",
      examples: [
        "repo keys drill --recovery-code-file kit.txt",
        "repo keys drill --share-file s1.txt --share-file s4.txt --share-file s5.txt --json",
      ],
    }),
  )
    .option("--whole", "read the point to its last byte, not only 64 MiB of each disk")
    .action((options: DrillInput) =>
      runLazily(parts, async () => (await import("../commands/repo-keys-drill.ts")).runKeysDrill, options),
    );
}

function withNewSlot(command: Command): Command {
  return command
    .option("--label <text>", "what the list shows of the slot, up to 64 letters", parseLabel)
    .option("--new-passphrase-file <file>", "file with the new passphrase; asked for without it")
    .addOption(kdfOption())
    .option("--recovery-kit <file>", "write the new recovery kit to this new file; for scripts, this confirms it")
    .option("--threshold <number>", "shares that are needed", parseNumber)
    .option("--count <number>", "shares that are made", parseNumber)
    .option("--shares-folder <folder>", "write each share to a file in this new folder");
}

function parseNumber(text: string): number {
  if (!/^\d{1,3}$/.test(text)) throw new InvalidArgumentError("give a whole number");
  return Number(text);
}

function parseLabel(text: string): string {
  if (text.length > 64) throw new InvalidArgumentError("give at most 64 letters");
  return text;
}
