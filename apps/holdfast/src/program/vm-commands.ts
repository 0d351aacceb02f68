import type { Command } from "commander";
import type { BackupCommandInput } from "../commands/backup.ts";
import { defineCommand, runLazily } from "./define.ts";
import type { ProgramParts } from "./define.ts";
import { withRepository } from "./repository-options.ts";

export function addVmCommands(program: Command, parts: ProgramParts): void {
  defineCommand(program, "discover [stamp]", {
    description: "read the inventory of one stamp, or of all, into the catalog",
    examples: ["discover", "discover east --json"],
  }).action((stamp: string | undefined) =>
    runLazily(parts, async () => (await import("../commands/discover.ts")).runDiscover, { stamp }),
  );
  defineCommand(program, "vms", {
    description: "list the VMs of the last inventory: disks, power state, availability, tags",
    examples: ["vms", "vms --stamp east --json"],
  })
    .option("--stamp <name>", "only the VMs of this stamp")
    .action((options: { readonly stamp?: string }) =>
      runLazily(parts, async () => (await import("../commands/vms.ts")).runVms, options),
    );
  defineCommand(program, "janitor [stamp]", {
    description: "remove what dead runs left on a stamp; commands that use a stamp do it by themselves first",
    examples: ["janitor", "janitor east"],
  }).action((stamp: string | undefined) =>
    runLazily(parts, async () => (await import("../commands/janitor.ts")).runJanitorCommand, { stamp }),
  );
  addBackup(program, parts);
}

function addBackup(program: Command, parts: ProgramParts): void {
  withRepository(
    defineCommand(program, "backup <vm>", {
      description:
        "capture all disks of a VM into one recovery point; the first reads what is allocated, later ones what changed",
      examples: ["backup web1", "backup app/web1 --stamp east --running-snapshot", "backup web1 --full --json"],
    }),
  )
    .option("--stamp <name>", "stamp of the VM, where several have one of this name")
    .option("--running-snapshot", "allow snapshots while the VM runs; the platform warns that they may slow its guest")
    .option("--availability-set-member", "allow the capture of a member of an availability set")
    .option("--full", "read all that is allocated, not only what changed")
    .action((vm: string, options: Omit<BackupCommandInput, "vm">) =>
      runLazily(parts, async () => (await import("../commands/backup.ts")).runBackup, { ...options, vm }),
    );
}
