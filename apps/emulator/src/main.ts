import { Command, Option } from "commander";
import { type Emulator, startEmulator } from "./core/start-emulator.ts";
import { parseStampSpec } from "./core/stamp-config.ts";
import { standardPlanes, type VmKind } from "./core/standard-planes.ts";

interface Flags {
  readonly data?: string;
  readonly ephemeral?: true;
  readonly stamp: readonly string[];
  readonly port: string;
  readonly proxyPort?: string;
  readonly record?: string;
  readonly print: "json" | "table";
  readonly vms: VmKind;
}

function readPort(text: string, flag: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new Error(`${flag} takes a port number, not ${JSON.stringify(text)}`);
}

/** What a client needs, without the secrets themselves. */
function describe(emulator: Emulator): Record<string, unknown> {
  return {
    caFile: emulator.caFile,
    controlUrl: emulator.controlUrl,
    controlTokenFile: emulator.controlTokenFile,
    ...(emulator.proxyUrl === undefined ? {} : { proxyUrl: emulator.proxyUrl }),
    stamps: emulator.stamps.map((stamp) => ({
      name: stamp.name,
      build: stamp.build,
      identity: stamp.identity,
      armUrl: stamp.armUrl,
      loginUrl: stamp.loginUrl,
      plainStorageUrl: stamp.plainStorageUrl,
      port: stamp.port,
      domain: stamp.domain,
      tenantId: stamp.tenantId,
      tenant: stamp.tenant,
      clientId: stamp.clientId,
      clientSecretFile: stamp.clientSecretFile,
      subscriptionId: stamp.subscriptionId,
      audience: stamp.audience,
      caFile: stamp.caFile,
    })),
  };
}

function table(emulator: Emulator): string {
  const lines = emulator.stamps.flatMap((stamp) => [
    `stamp ${stamp.name} (build ${stamp.build}, ${stamp.identity})`,
    `  ARM            ${stamp.armUrl}`,
    `  login          ${stamp.loginUrl}`,
    `  domain         ${stamp.domain}, port ${stamp.port}`,
    `  tenant         ${stamp.tenant}`,
    `  client id      ${stamp.clientId}`,
    `  client secret  in ${stamp.clientSecretFile}`,
    `  subscription   ${stamp.subscriptionId}`,
  ]);
  const proxy = emulator.proxyUrl === undefined ? [] : [`proxy   ${emulator.proxyUrl}`];
  return [
    ...lines,
    `CA      ${emulator.caFile}`,
    `control ${emulator.controlUrl}, token in ${emulator.controlTokenFile}`,
    ...proxy,
  ].join("\n");
}

/** Waits for the signal to end; a second one ends the process at once. */
async function untilSignal(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  process.once("SIGINT", () => resolve());
  process.once("SIGTERM", () => resolve());
  await promise;
}

async function run(flags: Flags): Promise<void> {
  if ((flags.data === undefined) === (flags.ephemeral === undefined)) {
    throw new Error("give either --data DIR or --ephemeral");
  }
  await using emulator = await startEmulator({
    ...(flags.data === undefined ? {} : { data: flags.data }),
    ...(flags.stamp.length === 0 ? {} : { stamps: flags.stamp.map(parseStampSpec) }),
    port: readPort(flags.port, "--port"),
    ...(flags.proxyPort === undefined ? {} : { proxyPort: readPort(flags.proxyPort, "--proxy-port") }),
    ...(flags.record === undefined ? {} : { record: flags.record }),
    planes: standardPlanes({ vms: flags.vms }),
  });
  process.stdout.write(`${flags.print === "json" ? JSON.stringify(describe(emulator)) : table(emulator)}\n`);
  await untilSignal();
}

/** The command `ash-emulator`. Sets the exit code; never throws. */
export async function main(argv: readonly string[]): Promise<void> {
  const collect = (value: string, all: readonly string[]): readonly string[] => [...all, value];
  const program = new Command("ash-emulator")
    .description("An Azure Stack Hub on loopback: several stamps under one private certificate authority")
    .option("--data <dir>", "keep state in a folder; it survives a restart and a kill")
    .option("--ephemeral", "keep nothing")
    .option("--stamp <spec>", "name[:build[:adfs|entra]], repeatable; east and west by default", collect, [])
    .option("--port <base>", "first port: two per stamp, then the control API's; 0 for any", "0")
    .option("--proxy-port <port>", "also a CONNECT proxy that knows the stamps' names; 0 for any")
    .option("--record <file>", "append every exchange to a JSONL file, without credentials")
    .addOption(new Option("--print <form>", "what to print when ready").choices(["json", "table"]).default("table"))
    .addOption(new Option("--vms <kind>", "what stands behind VMs").choices(["inert", "auto", "real"]).default("inert"))
    .action((_options: unknown, command: Command) => run(command.opts<Flags>()));
  try {
    await program.parseAsync([...argv]);
  } catch (error) {
    process.stderr.write(`ash-emulator: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
