import type { Command } from "commander";
import type { ExportCommandInput } from "../commands/export.ts";
import type { RestoreDiskCommandInput } from "../commands/restore-disk.ts";
import type { RestoreVmCommandInput } from "../commands/restore-vm.ts";
import type { RepositoryOptions } from "../commands/repository-session.ts";
import { defineCommand, runLazily } from "./define.ts";
import type { ProgramParts } from "./define.ts";
import { addDeletionCommands } from "./prune-commands.ts";
import { withRepository } from "./repository-options.ts";

export function addPointCommands(program: Command, parts: ProgramParts): void {
  const points = program.command("points").description("list, delete, bring back and hold recovery points");
  withRepository(
    defineCommand(
      points,
      "list [vm]",
      {
        description: "list the recovery points of a VM, or of all, newest first; `points` alone does the same",
        examples: ["points", "points list web1 --json"],
      },
      { isDefault: true },
    ),
  ).action((vm: string | undefined, options: RepositoryOptions) =>
    runLazily(parts, async () => (await import("../commands/points.ts")).runPoints, { ...options, vm }),
  );
  addDeletionCommands(points, parts);
  const restore = program.command("restore").description("bring a disk or a VM back from a recovery point");
  addRestoreVm(restore, parts);
  addRestoreDisk(restore, parts);
  addExport(program, parts);
}

function addExport(program: Command, parts: ProgramParts): void {
  withRepository(
    defineCommand(program, "export <point>", {
      description: "write one disk of a recovery point as a VHD, raw or qcow2 file",
      examples: ["export web1@latest --to web1.vhd", "export 019a3c5e --disk lun0 --to data.qcow2"],
    }),
  )
    .requiredOption("--to <file>", "new file; the end of its name, .vhd, .raw or .qcow2, says the format")
    .option("--disk <disk>", "os, lun0, … or the disk's name, where the point has several")
    .action((point: string, options: Omit<ExportCommandInput, "point">) =>
      runLazily(parts, async () => (await import("../commands/export.ts")).runExport, { ...options, point }),
    );
}

function addRestoreVm(restore: Command, parts: ProgramParts): void {
  withRepository(
    defineCommand(restore, "vm <point>", {
      description: "make a VM from a recovery point, on the same stamp or another; shows its plan and asks first",
      examples: [
        "restore vm web1@latest --name web1-back --resource-group app --plan-only",
        "restore vm 019a3c5e --to west --name web1 --resource-group app --subnet /subscriptions/…/subnets/front --start",
      ],
    }),
  )
    .requiredOption("--name <name>", "name of the new VM")
    .requiredOption("--resource-group <group>", "resource group of the new VM; made where there is none")
    .option("--to <stamp>", "stamp to restore to, where there are several")
    .option("--subnet <id>", "ARM id of the subnet; that of the point without it")
    .option("--size <size>", "VM size; that of the point without it")
    .option("--keep-addresses", "give the VM the private addresses that it had")
    .option("--start", "start the VM once it is made")
    .option("--plan-only", "show the plan and what speaks against it, and stop")
    .option("--yes", "do not ask")
    .action((point: string, options: Omit<RestoreVmCommandInput, "point">) =>
      runLazily(parts, async () => (await import("../commands/restore-vm.ts")).runRestoreVm, { ...options, point }),
    );
}

function addRestoreDisk(restore: Command, parts: ProgramParts): void {
  withRepository(
    defineCommand(restore, "disk <point>", {
      description: "make a managed disk from one disk of a recovery point; shows its plan and asks first",
      examples: [
        "restore disk web1@latest --disk lun0 --name web1-data-back --resource-group app --plan-only",
        "restore disk web1@latest --disk lun0 --name web1-data-back --resource-group app --yes",
      ],
    }),
  )
    .requiredOption("--name <name>", "name of the new disk")
    .requiredOption("--resource-group <group>", "resource group of the new disk; made where there is none")
    .option("--disk <disk>", "os, lun0, … or the disk's name, where the point has several")
    .option("--to <stamp>", "stamp to restore to, where there are several")
    .option("--plan-only", "show the plan and what speaks against it, and stop")
    .option("--yes", "do not ask")
    .action((point: string, options: Omit<RestoreDiskCommandInput, "point">) =>
      runLazily(parts, async () => (await import("../commands/restore-disk.ts")).runRestoreDisk, { ...options, point }),
    );
}
