import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EmulatedStamp } from "../support/emulated-stamp.ts";

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The real Azure CLI with a configuration folder of its own, logged in to one stamp. */
export interface AzureCli extends AsyncDisposable {
  /** Runs `az …`; answers its parsed JSON. Raises with its error text where it fails. */
  json(...words: readonly string[]): Promise<unknown>;
  run(...words: readonly string[]): Promise<CommandResult>;
}

function runAz(words: readonly string[], environment: NodeJS.ProcessEnv): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn("az", words, { env: environment, stdio: ["ignore", "pipe", "pipe"] });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on("data", (part: Buffer) => out.push(part));
    child.stderr.on("data", (part: Buffer) => err.push(part));
    child.once("error", reject);
    child.once("close", (code) =>
      resolve({ code: code ?? 1, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() }),
    );
  });
}

/** Registers the stamp as a cloud under the hybrid profile; the caller logs in. */
export async function openAzureCli(stamp: EmulatedStamp): Promise<AzureCli> {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-az-"));
  const environment = {
    ...process.env,
    AZURE_CONFIG_DIR: folder,
    AZURE_CORE_COLLECT_TELEMETRY: "0",
    AZURE_CORE_NO_COLOR: "1",
    REQUESTS_CA_BUNDLE: stamp.caFile,
  };
  const cli: AzureCli = {
    run: (...words) => runAz(words, environment),
    json: async (...words) => {
      const result = await runAz([...words, "-o", "json"], environment);
      if (result.code !== 0) throw new Error(`az ${words.join(" ")} failed: ${result.stderr}`);
      return result.stdout.trim() === "" ? undefined : JSON.parse(result.stdout);
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
  await cli.json(
    ...["cloud", "register", "-n", "stamp", "--endpoint-resource-manager", stamp.armUrl],
    ...["--suffix-storage-endpoint", stamp.domain, "--suffix-keyvault-dns", `.vault.${stamp.domain}`],
    ...["--profile", "2020-09-01-hybrid"],
  );
  await cli.json("cloud", "set", "-n", "stamp");
  return cli;
}
