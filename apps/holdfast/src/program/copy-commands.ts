import type { Command } from "commander";
import type { CopyInput } from "../commands/repo-copy.ts";
import type { HealInput } from "../commands/repo-heal.ts";
import { defineCommand, gather, runLazily } from "./define.ts";
import type { ProgramParts } from "./define.ts";
import { withKey, withOtherKey, withRepository } from "./repository-options.ts";

export function addCopyCommands(repo: Command, parts: ProgramParts): void {
  const copy = defineCommand(repo, "copy <from> <to>", {
    description:
      "copy recovery points to a second repository with keys of its own; what it has already does not travel again",
    examples: [
      "repo copy default offsite --all",
      "repo copy default offsite --vm app/web1 --to-passphrase-file pass2.txt",
    ],
  })
    .option("--point <id>", "copy this point; may be given several times", gather)
    .option("--vm <name>", "copy every point of this VM; may be given several times", gather)
    .option("--all", "copy every point");
  withOtherKey(withKey(copy), "to", "the repository to copy to").action(
    (from: string, to: string, options: Omit<CopyInput, "from" | "to">) =>
      runLazily(parts, async () => (await import("../commands/repo-copy.ts")).runRepoCopy, { ...options, from, to }),
  );
  const heal = defineCommand(repo, "heal", {
    description:
      "store anew what a check finds damaged, from a copy of the points that need it; nothing is overwritten",
    examples: ["repo heal --from offsite", "repo heal --repo default --from offsite --from-passphrase-file pass2.txt"],
  }).requiredOption("--from <name>", "repository that has copies of the points");
  withOtherKey(withRepository(heal), "from", "the repository with the copies").action((options: HealInput) =>
    runLazily(parts, async () => (await import("../commands/repo-heal.ts")).runRepoHeal, options),
  );
}
