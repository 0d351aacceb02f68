import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSystemHost, openCatalog } from "@holdfast/catalog";
import type { Catalog } from "@holdfast/catalog";
import type { VmConfiguration } from "@holdfast/domain";
import { FakeClock } from "@holdfast/kernel/testing";
import { runCli } from "../cli/run-cli.ts";
import { createFakeServices, makeVm } from "./fake-services.ts";
import { createFakeTerminal } from "./fake-terminal.ts";

/** A VM of the group `app` with these tags. */
export function taggedVm(name: string, tags: Readonly<Record<string, string>>): VmConfiguration {
  return { ...makeVm("app", name, "running"), tags };
}

/**
 * The command in this process, over a catalog of its own that knows one stamp with these VMs and one repository. Its clock
 * stands at the first of January 2026 until a test moves it.
 */
export async function makeRecordSite(vms: readonly VmConfiguration[] = []) {
  const path = await mkdtemp(join(tmpdir(), "holdfast-cli-"));
  const clock = new FakeClock();
  const environment = { HOLDFAST_HOME: path, USER: "root", HOLDFAST_PASSPHRASE_FILE: join(path, "pass") };
  const open = (): Promise<Catalog> => openCatalog({ file: join(path, "catalog.db"), clock, host: createSystemHost() });
  const services = { ...createFakeServices(environment), clock, openCatalog: open };
  await using catalog = await open();
  await catalog.saveStamp({
    name: "east",
    armEndpoint: "https://management.east.ash.example",
    tenant: "adfs",
    clientId: "c1",
    credential: { kind: "secret-file", path: "/etc/holdfast/east.secret" },
    caFile: null,
    subscriptionId: null,
    resolve: {},
  });
  const sets = { availabilitySets: [], scaleSets: [], loadBalancers: [] };
  const inventory = {
    stampName: "east",
    subscriptionId: "s-1",
    location: "east",
    takenAtMs: clock.now(),
    vms,
    ...sets,
  };
  await catalog.saveInventory(inventory);
  await catalog.saveRepository({ name: "main", id: "repository-1", location: "/mnt/backup", isDefault: true });
  await writeFile(join(path, "pass"), "correct horse", { mode: 0o600 });
  const run = async (args: readonly string[], answers: readonly string[] | null = []) => {
    const person = createFakeTerminal(answers ?? []);
    const terminal = answers === null ? { ...person, isInteractive: false } : person;
    const exitCode = await runCli(args, { terminal, services });
    return { exitCode, out: person.out(), err: person.err(), questions: person.questions };
  };
  return {
    path,
    clock,
    run,
    /** Runs without a terminal to ask on, and answers the exit code and the value printed. */
    async json(...args: readonly string[]) {
      const { exitCode, out } = await run([...args, "--json"], null);
      return { exitCode, value: JSON.parse(out) };
    },
    openCatalog: open,
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}
