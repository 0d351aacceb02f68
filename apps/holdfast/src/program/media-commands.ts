import type { Command } from "commander";
import type { AddMediumInput, AttachMediumInput } from "../commands/media.ts";
import { defineCommand, runLazily } from "./define.ts";
import type { ProgramParts } from "./define.ts";
import { withKey } from "./repository-options.ts";

export function addMediaCommands(program: Command, parts: ProgramParts): void {
  const media = program
    .command("media")
    .description("removable disks that take turns as copies: where each is, how old, and when it was last verified");
  const load = async () => await import("../commands/media.ts");
  withKey(
    defineCommand(media, "add <name>", {
      description: "make a repository that is known here, on a removable disk, a medium of a set",
      examples: ["media add disk-1 --set A"],
    }),
  )
    .requiredOption("--set <set>", "set that it belongs to, such as A, B or C")
    .action((name: string, options: Omit<AddMediumInput, "name">) =>
      runLazily(parts, async () => (await load()).runMediaAdd, { ...options, name }),
    );
  withKey(
    defineCommand(media, "attach <name>", {
      description:
        "take a medium back: see that it is the one, and verify every byte of it; then copy to it by repo copy",
      examples: ["media attach disk-1", "media attach disk-1 --location /media/usb0/holdfast"],
    }),
  )
    .option("--location <location>", "where it is mounted now, where that is not where it was")
    .action((name: string, options: Omit<AttachMediumInput, "name" | "event">) =>
      runLazily(parts, async () => (await load()).runMediaAttach, { ...options, name, event: "attached" }),
    );
  withKey(
    defineCommand(media, "verify <name>", {
      description: "read and verify every byte of a medium that is here, and note the result",
      examples: ["media verify disk-1"],
    }),
  ).action((name: string, options: Omit<AttachMediumInput, "name" | "event" | "location">) =>
    runLazily(parts, async () => (await load()).runMediaAttach, { ...options, name, event: "verified" }),
  );
  defineCommand(media, "hand-over <name>", {
    description: "note who takes a medium away",
    examples: ["media hand-over disk-1 --to 'bank, safe 7'"],
  })
    .requiredOption("--to <holder>", "who has it from now on, or where it is kept")
    .action((name: string, options: { readonly to: string }) =>
      runLazily(parts, async () => (await load()).runMediaHandOver, { ...options, name }),
    );
  defineCommand(media, "list", {
    description: "list the media by set: where each is, the age of its newest point, when it was last verified",
    examples: ["media list", "media list --json"],
  }).action(() => runLazily(parts, async () => (await load()).runMediaList, {}));
  defineCommand(media, "log <name>", {
    description: "show the custody log of a medium, and whether it was changed",
    examples: ["media log disk-1"],
  }).action((name: string) => runLazily(parts, async () => (await load()).runMediaLog, { name }));
}
