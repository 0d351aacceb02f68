import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Emulator, PageStore, RunningStamp } from "@holdfast/emulator";
import { standardPlanes, startEmulator } from "@holdfast/emulator";
import { describeForClients } from "../support/start-stamp.ts";
import type { HoldfastCli } from "../support/holdfast-cli.ts";
import { openHoldfastCli } from "../support/holdfast-cli.ts";
import { connectTenant } from "../support/tenant.ts";
import type { Tenant } from "../support/tenant.ts";

/** Everything that the story happens on; gone when disposed. */
export interface Stage extends AsyncDisposable {
  readonly folder: string;
  readonly emulator: Emulator;
  readonly east: RunningStamp;
  readonly tenant: Tenant;
  readonly pages: ReadonlyMap<string, PageStore>;
  readonly holdfast: HoldfastCli;
  readonly passphraseFile: string;
}

/** Starts the stamps, and gives Holdfast a home and a passphrase of its own. */
export async function openStage(vms: "real" | "inert"): Promise<Stage> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "holdfast-demo-"));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const pages = new Map<string, PageStore>();
  const emulator = stack.use(
    await startEmulator({
      data: join(folder, "stamps"),
      stamps: [{ name: "east" }, { name: "west" }],
      planes: standardPlanes({ vms, onPages: (stampName, store) => void pages.set(stampName, store) }),
    }),
  );
  const east = emulator.stamp("east");
  const passphraseFile = join(folder, "passphrase");
  await writeFile(passphraseFile, randomBytes(18).toString("base64url"), { mode: 0o600 });
  const owned = stack.move();
  return {
    folder,
    emulator,
    east,
    tenant: await connectTenant(describeForClients(east)),
    pages,
    holdfast: openHoldfastCli(join(folder, "home"), passphraseFile),
    passphraseFile,
    [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose](),
  };
}
