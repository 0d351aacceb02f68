import type { Command } from "commander";
import { defineCommand, runLazily } from "./define.ts";
import type { ProgramParts } from "./define.ts";

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
}
