import { existsSync } from "node:fs";
import { join } from "node:path";
import tab from "@bomb.sh/tab/commander";
import { catalogFolder } from "@holdfast/catalog";
import type { Command } from "commander";
import type { Services } from "../composition/services.ts";

/** Where a stamp's name is expected: an argument of one command, an option of the others. */
const stampArguments = ["discover", "janitor", "stamp show", "stamp remove", "stamp probe"];
const vmArguments = ["backup", "points"];

/**
 * Answers the shells' completion calls, with the names of stamps and VMs that the catalog knows. A catalog is never made
 * for the sake of a completion.
 */
export async function addCompletion(program: Command, services: Services): Promise<void> {
  const known = await readKnownNames(services);
  const completion = tab(program);
  completion.commands.delete("complete");
  for (const [path, command] of completion.commands) {
    const stampOption =
      command.options.get("stamp") ?? (path.startsWith("restore ") ? command.options.get("to") : undefined);
    if (stampOption !== undefined) stampOption.handler = (complete) => offer(complete, known.stamps, "stamp");
    for (const argument of command.arguments.values()) {
      if (stampArguments.includes(path)) argument.handler = (complete) => offer(complete, known.stamps, "stamp");
      if (vmArguments.includes(path)) argument.handler = (complete) => offer(complete, known.vms, "VM");
    }
  }
}

function offer(complete: (value: string, about: string) => void, names: readonly string[], about: string): void {
  for (const name of names) complete(name, about);
}

async function readKnownNames(
  services: Services,
): Promise<{ readonly stamps: readonly string[]; readonly vms: readonly string[] }> {
  if (!existsSync(join(catalogFolder(services.environment), "catalog.db"))) return { stamps: [], vms: [] };
  await using catalog = await services.openCatalog();
  const stamps = (await catalog.listStamps()).map((stamp) => stamp.name);
  const inventories = await Promise.all(stamps.map((name) => catalog.loadInventory(name)));
  return { stamps, vms: inventories.flatMap((inventory) => inventory?.vms.map((vm) => vm.name) ?? []) };
}
