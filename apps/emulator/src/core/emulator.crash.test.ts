import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { RunningStamp } from "./running-stamp.ts";
import { createStampClient, type StampClient } from "../testing/stamp-client.ts";

const command = join(import.meta.dirname, "..", "..", "bin", "ash-emulator");
let data: string;
let child: ChildProcess | undefined;

beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), "emulator-crash-"));
});
afterEach(async () => {
  if (child !== undefined) await kill(child);
  await rm(data, { recursive: true, force: true });
});

async function kill(process: ChildProcess): Promise<void> {
  if (process.exitCode !== null || process.signalCode !== null) return;
  process.kill("SIGKILL");
  await once(process, "exit");
}

interface Started {
  readonly client: StampClient;
  readonly stamp: RunningStamp;
}

async function start(): Promise<Started> {
  child = spawn(process.execPath, [command, "--data", data, "--stamp", "east", "--print", "json"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (child.stdout === null) throw new Error("the emulator has no output");
  const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  const described = JSON.parse(line) as { caFile: string; stamps: (RunningStamp & { clientSecretFile: string })[] };
  const [stamp] = described.stamps;
  if (stamp === undefined) throw new Error("the emulator has no stamp");
  const clientSecret = await readFile(stamp.clientSecretFile, "utf8");
  const ca = await readFile(described.caFile, "utf8");
  return { stamp, client: await createStampClient(stamp, ca, { clientId: stamp.clientId, clientSecret }) };
}

test("what was answered survives a kill, and an operation under way is finished by the next start", async () => {
  const first = await start();
  const group = (name: string): string => `/subscriptions/${first.stamp.subscriptionId}/resourceGroups/${name}`;
  for (const name of ["kept", "doomed"]) await first.client.arm("PUT", group(name), "2019-10-01", { location: "east" });
  const network = `${group("kept")}/providers/Microsoft.Network/virtualNetworks/v1`;
  const body = { location: "east", properties: { addressSpace: { addressPrefixes: ["10.0.0.0/16"] } } };
  await first.client.arm("PUT", network, "2018-11-01", body);
  const before = await first.client.arm("GET", network, "2018-11-01");
  const deletion = await first.client.arm("DELETE", group("doomed"), "2019-10-01");
  expect(deletion.status).toBe(202);
  if (child !== undefined) await kill(child);

  const second = await start();
  expect((await second.client.arm("GET", network, "2018-11-01")).body).toEqual(before.body);
  const operation = new URL(String(deletion.headers["location"])).pathname;
  await expect.poll(() => second.client.arm("GET", operation, "2019-10-01").then((reply) => reply.status)).toBe(200);
  expect((await second.client.arm("HEAD", group("doomed"), "2019-10-01")).status).toBe(404);
});
