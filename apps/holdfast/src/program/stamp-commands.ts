import type { Command } from "commander";
import type { AddStampInput } from "../commands/stamp-add.ts";
import { defineCommand, gather, runLazily } from "./define.ts";
import type { ProgramParts } from "./define.ts";

export function addStampCommands(program: Command, parts: ProgramParts): void {
  const stamp = program.command("stamp").description("connect stamps and find out what each can do");
  addStampAdd(stamp, parts);
  defineCommand(stamp, "list", { description: "list the stamps that are connected", examples: ["stamp list"] }).action(
    () => runLazily(parts, async () => (await import("../commands/stamp-list.ts")).runStampList, {}),
  );
  defineCommand(stamp, "show <name>", {
    description: "show how a stamp is reached; secrets stay in their files",
    examples: ["stamp show east"],
  }).action((name: string) =>
    runLazily(parts, async () => (await import("../commands/stamp-list.ts")).runStampShow, { name }),
  );
  defineCommand(stamp, "remove <name>", {
    description: "forget a stamp; nothing on it is changed, and recovery points stay",
    examples: ["stamp remove east", "stamp remove east --leave-objects"],
  })
    .option("--leave-objects", "forget also the snapshots that Holdfast keeps on the stamp, and leave them there")
    .action((name: string, options: { readonly leaveObjects?: boolean }) =>
      runLazily(parts, async () => (await import("../commands/stamp-list.ts")).runStampRemove, { name, ...options }),
    );
  defineCommand(stamp, "probe <name>", {
    description: "find out what a stamp really does, by asking and by trying on a small disk of its own",
    examples: ["stamp probe east", "stamp probe east --json"],
  })
    .option("--resource-group <group>", "where the probe makes its disk and blob; made where missing, and stays")
    .action((name: string, options: { readonly resourceGroup?: string }) =>
      runLazily(parts, async () => (await import("../commands/stamp-probe.ts")).runStampProbe, { ...options, name }),
    );
}

function addStampAdd(stamp: Command, parts: ProgramParts): void {
  defineCommand(stamp, "add <name>", {
    description: "connect a stamp: signs in and reads its subscription before anything is saved",
    examples: [
      "stamp add east --arm https://management.east.example.com --tenant adfs --client-id 1b2c… --secret-file east.secret",
      "stamp add east --arm https://management.east.example.com --tenant contoso.onmicrosoft.com \\\n" +
        "      --client-id 1b2c… --certificate east.pem --ca stamp-ca.pem --resolve '*.east.example.com=10.0.0.4'",
    ],
  })
    .requiredOption("--arm <url>", "address of the stamp's tenant Resource Manager")
    .requiredOption("--tenant <tenant>", "Entra ID tenant; adfs on an AD FS stamp")
    .requiredOption("--client-id <id>", "application id of the service principal")
    .option("--secret-file <file>", "file with the client secret; only its path is kept")
    .option("--certificate <file>", "PEM file with the private key and the certificate; only its path is kept")
    .option("--ca <file>", "PEM file with the stamp's own certificate authority")
    .option("--subscription <id>", "subscription, where the identity sees more than one")
    .option("--resolve <host=ip>", "address to use instead of DNS, for a host or *.domain; may be repeated", gather)
    .action((name: string, options: Omit<AddStampInput, "name">) =>
      runLazily(parts, async () => (await import("../commands/stamp-add.ts")).runStampAdd, { ...options, name }),
    );
}
