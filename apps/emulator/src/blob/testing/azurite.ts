import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { createRequire } from "node:module";
import { setTimeout as wait } from "node:timers/promises";
import { BlobServiceClient, StorageSharedKeyCredential } from "@azure/storage-blob";

/** The account that every Azurite has, as its documentation names it. */
const account = "devstoreaccount1";
const key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  return port;
}

/** Microsoft's storage emulator in a process of its own, with nothing kept. */
export async function startAzurite(): Promise<{ readonly service: BlobServiceClient } & AsyncDisposable> {
  const main = createRequire(import.meta.url).resolve("azurite/dist/src/blob/main.js");
  const port = await freePort();
  const flags = ["--inMemoryPersistence", "--skipApiVersionCheck", "--silent", "--disableTelemetry"];
  const child = spawn(process.execPath, [main, "--blobPort", String(port), ...flags], { stdio: "ignore" });
  const credential = new StorageSharedKeyCredential(account, key);
  const service = new BlobServiceClient(`http://127.0.0.1:${port}/${account}`, credential, {
    retryOptions: { maxTries: 1 },
  });
  const dispose = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  };
  for (let tries = 0; ; tries += 1) {
    try {
      await service.getProperties();
      return { service, [Symbol.asyncDispose]: dispose };
    } catch (error) {
      if (tries < 200 && child.exitCode === null) await wait(100);
      else {
        await dispose();
        throw error;
      }
    }
  }
}
