import { execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { connect } from "node:net";
import type { AddressInfo, LookupFunction } from "node:net";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { MiB, Secret } from "@holdfast/kernel";
import { FakeClock, SeededRandom } from "@holdfast/kernel/testing";
import { ContainerClient, ContainerSASPermissions, StorageSharedKeyCredential } from "@azure/storage-blob";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { describeBlobStore } from "../testing/describe-blob-store.ts";
import { createRepository, openRepository } from "../repository.ts";
import { captureAll, pointOf, readAll, strongRandom } from "../testing/keyed-repository.ts";
import { createAzureBlobStore } from "./azure-blob-store.ts";

// The account that every Azurite has; published by Microsoft and no secret.
const account = "devstoreaccount1";
const key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
const byKey = { kind: "account-key", key: new Secret(key) } as const;
const signer = new StorageSharedKeyCredential(account, key);
const random = new SeededRandom(1);

let base: string;
let stop: () => Promise<void>;
let containers = 0;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

async function untilListening(port: number, isAlive: () => boolean): Promise<void> {
  while (isAlive()) {
    const socket = connect({ host: "127.0.0.1", port });
    const isUp = await Promise.race([
      once(socket, "connect").then(() => true),
      once(socket, "close").then(() => false),
    ]).catch(() => false);
    socket.destroy();
    if (isUp) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("Azurite ended before it listened");
}

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-azurite-"));
  const port = await freePort();
  const main = createRequire(import.meta.url).resolve("azurite/dist/src/blob/main.js");
  const flags = ["--inMemoryPersistence", "--skipApiVersionCheck", "--silent", "--disableTelemetry"];
  const child = spawn(process.execPath, [main, ...flags, "--blobHost", "127.0.0.1", "--blobPort", `${port}`], {
    cwd: folder,
    stdio: "ignore",
  });
  stop = async () => {
    child.kill("SIGKILL");
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    await rm(folder, { recursive: true });
  };
  await untilListening(port, () => child.exitCode === null);
  base = `http://127.0.0.1:${port}/${account}`;
});
afterAll(() => stop());

async function makeContainer(): Promise<ContainerClient> {
  containers += 1;
  const container = new ContainerClient(`${base}/c${containers}0`, signer);
  await container.create();
  return container;
}

/** A signature for a day, with all that a repository needs. */
async function signed(container: ContainerClient): Promise<Secret> {
  const url = await container.generateSasUrl({
    permissions: ContainerSASPermissions.parse("rcwdl"),
    expiresOn: new Date(performance.timeOrigin + 86_400_000),
  });
  return new Secret(new URL(url).search);
}

describe("createAzureBlobStore by account key", () => {
  describeBlobStore(async () => {
    const container = await makeContainer();
    return {
      store: createAzureBlobStore(container.url, byKey, { random }),
      other: createAzureBlobStore(container.url, byKey, { random }),
      [Symbol.asyncDispose]: async () => void (await container.delete()),
    };
  });
});

describe("createAzureBlobStore by signature, under a folder", () => {
  describeBlobStore(async () => {
    const container = await makeContainer();
    await container.uploadBlockBlob("other", "not ours", 8);
    const token = await signed(container);
    return {
      store: createAzureBlobStore(`${container.url}/site-1/repo`, { kind: "sas", token }, { random }),
      [Symbol.asyncDispose]: async () => void (await container.delete()),
    };
  });
});

test("a repository in a container is made, filled, reopened, checked and read back", async () => {
  const container = await makeContainer();
  const location = `${container.url}/site-1`;
  const passphrase = new Secret("correct horse");
  const services = { random: strongRandom, clock: new FakeClock(), passphrase };
  const disk = randomBytes(18 * MiB + 77);
  await createRepository(createAzureBlobStore(location, byKey, { random: strongRandom }), services);
  {
    const store = createAzureBlobStore(location, byKey, { random: strongRandom });
    await using points = await openRepository(store, services);
    await points.publishPoint(pointOf("p1", await captureAll(points, disk)));
  }
  const store = createAzureBlobStore(location, byKey, { random: strongRandom });
  await using points = await openRepository(store, services);
  const [point] = await points.listPoints();
  expect((await readAll(points, point!.disks[0]!.image)).equals(disk)).toBe(true);
  expect((await points.check()).findings).toEqual([]);
  const exists = { code: "repository.store.exists" };
  await expect(createRepository(store, services)).rejects.toMatchObject(exists);
});

test("a container that is not there is told, and not taken for an empty store", async () => {
  const store = createAzureBlobStore(`${base}/nothing`, byKey, { random });
  const expected = { code: "repository.store.no-container" };
  await expect(store.size("config")).rejects.toMatchObject(expected);
  await expect(store.get("config")).rejects.toMatchObject(expected);
  await expect(store.put("config", Buffer.from("x"))).rejects.toMatchObject(expected);
  await expect(Array.fromAsync(store.list(""))).rejects.toMatchObject(expected);
});

test("a wrong key is told as refused", async () => {
  const container = await makeContainer();
  const wrong = { kind: "account-key", key: new Secret(Buffer.alloc(64, 1).toString("base64")) } as const;
  const store = createAzureBlobStore(container.url, wrong, { random });
  await expect(store.size("config")).rejects.toMatchObject({ code: "repository.store.denied" });
  await expect(store.get("config")).rejects.toMatchObject({ code: "repository.store.denied" });
});

test("a put whose answer was lost finds its own object when the SDK sends it again", async () => {
  const container = await makeContainer();
  const versions = new Set<unknown>();
  let isLost = false;
  const proxy = createServer((request, response) => {
    versions.add(request.headers["x-ms-version"]);
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const headers = Object.fromEntries(
        Object.entries(request.headers).filter(([name]) => !["connection", "transfer-encoding"].includes(name)),
      ) as Record<string, string>;
      const body = parts.length === 0 ? {} : { body: Buffer.concat(parts) };
      const { method = "GET", url } = request;
      void fetch(new URL(base).origin + url, { method, headers, ...body }).then(async (answer) => {
        if (method === "PUT" && !isLost) {
          isLost = true;
          response.destroy();
          return;
        }
        const kept = Object.fromEntries([...answer.headers].filter(([name]) => name !== "transfer-encoding"));
        response.writeHead(answer.status, kept).end(Buffer.from(await answer.arrayBuffer()));
      });
    });
  }).listen(0, "127.0.0.1");
  await once(proxy, "listening");
  try {
    const { port } = proxy.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}${new URL(container.url).pathname}`;
    const token = await signed(container);
    const store = createAzureBlobStore(url, { kind: "sas", token }, { random });
    await store.put("config", Buffer.from("mine"));
    expect(isLost).toBe(true);
    expect(Buffer.from(await store.get("config")).toString()).toBe("mine");
    await expect(store.put("config", Buffer.from("other"))).rejects.toMatchObject({ code: "repository.store.exists" });
    expect([...versions]).toEqual(["2019-07-07"]);
  } finally {
    proxy.closeAllConnections();
    proxy.close();
  }
});

test("a store that does not answer is told as unreachable, and the signature stays unsaid", async () => {
  const location = `http://127.0.0.1:${await freePort()}/${account}/some`;
  const store = createAzureBlobStore(location, { kind: "sas", token: new Secret("sv=1&sig=hush") }, { random });
  const raised = await store.size("config").catch((error: unknown) => error);
  expect(raised).toMatchObject({ code: "repository.store.unreachable", isRetryable: true });
  expect(inspect(raised, { depth: 10 })).not.toContain("hush");
});

test("a private authority is trusted where it is named, and hosts are found by the lookup given", async () => {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-authority-"));
  const [keyFile, certFile] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const subject = ["-subj", "/CN=keep.blob.stamp.test", "-addext", "subjectAltName=DNS:keep.blob.stamp.test"];
  const made = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
  execFileSync("openssl", [...made, ...subject, "-keyout", keyFile, "-out", certFile], { stdio: "ignore" });
  const [key, cert] = [await readFile(keyFile, "utf8"), await readFile(certFile, "utf8")];
  const server = createSecureServer({ key, cert }, (request, response) => {
    const isPinned = request.headers["x-ms-version"] === "2019-07-07";
    response.writeHead(isPinned ? 200 : 400, { "content-length": "7" }).end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    const { port } = server.address() as AddressInfo;
    const location = `https://keep.blob.stamp.test:${port}/backups`;
    const lookup: LookupFunction = (_host, options, done) =>
      options.all === true ? done(null, [{ address: "127.0.0.1", family: 4 }]) : done(null, "127.0.0.1", 4);
    const trusting = createAzureBlobStore(location, byKey, { random, lookup, caPem: cert });
    expect(await trusting.size("config")).toBe(7);
    const untrusting = createAzureBlobStore(location, byKey, { random, lookup });
    await expect(untrusting.size("config")).rejects.toMatchObject({ code: "repository.store.unreachable" });
  } finally {
    server.closeAllConnections();
    server.close();
    await rm(folder, { recursive: true });
  }
});
