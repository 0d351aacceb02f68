import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MiB, Secret } from "@holdfast/kernel";
import { SkippingClock } from "@holdfast/kernel/testing";
import { describe, expect, test } from "vitest";
import { storeFull } from "../blob-store/blob-store.ts";
import type { BlobStore } from "../blob-store/blob-store.ts";
import { createFileBlobStore } from "../blob-store/file-blob-store.ts";
import { createRepository, openRepository } from "../repository.ts";
import { describeBlobStore } from "../testing/describe-blob-store.ts";
import { captureAll, pointOf, readAll, strongRandom } from "../testing/keyed-repository.ts";
import { clientOf, makeAccessToken, parseAccessTokens } from "./access-tokens.ts";
import type { AccessToken } from "./access-tokens.ts";
import type { AuditLine } from "./append-only-handler.ts";
import { startAppendOnlyServer } from "./append-only-server.ts";
import { createAppendOnlyStore } from "./append-only-store.ts";

const clock = new SkippingClock();

async function start() {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-serve-"));
  const local = createFileBlobStore(join(folder, "repo"), strongRandom);
  const made = makeAccessToken("clinic", strongRandom);
  const state = { tokens: [made.token] as AccessToken[], freeBytes: Number.POSITIVE_INFINITY };
  const audit: AuditLine[] = [];
  const parts = {
    store: local,
    clock,
    readTokens: async () => state.tokens,
    checkRoom: async (bytes: number) => {
      if (bytes > state.freeBytes) throw storeFull("repo", new Error("kept free"));
    },
    audit: (line: AuditLine) => void audit.push(line),
  };
  const server = await startAppendOnlyServer(parts, { host: "127.0.0.1", port: 0 });
  const url = `http://127.0.0.1:${server.port}`;
  const open = (text = made.text) => createAppendOnlyStore({ url, token: new Secret(text) });
  const clients = [open(), open()] as const;
  return {
    local,
    state,
    audit,
    clients,
    open,
    server,
    async [Symbol.asyncDispose]() {
      for (const client of clients) client[Symbol.dispose]();
      await server[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Names of the suite are moved under `index/`, where clients may write; only the server's own side deletes. */
function underIndex(client: BlobStore, local: BlobStore): BlobStore {
  return {
    put: (name, ...call) => client.put(`index/${name}`, ...call),
    get: (name, ...call) => client.get(`index/${name}`, ...call),
    size: (name, ...call) => client.size(`index/${name}`, ...call),
    async *list(prefix, options) {
      for await (const name of client.list(`index/${prefix}`, options)) yield name.slice("index/".length);
    },
    delete: (name, ...call) => local.delete(`index/${name}`, ...call),
  };
}

describe("createAppendOnlyStore", () => {
  describeBlobStore(async () => {
    const served = await start();
    return {
      store: underIndex(served.clients[0], served.local),
      other: underIndex(served.clients[1], served.local),
      [Symbol.asyncDispose]: () => served[Symbol.asyncDispose](),
    };
  });
});

test("a repository is made, filled and read through the server, and pruned from its own side only", async () => {
  await using served = await start();
  const services = { passphrase: new Secret("a long passphrase"), random: strongRandom, clock };
  await createRepository(served.clients[0], services);
  const disk = randomBytes(2 * MiB);
  await using points = await openRepository(served.clients[0], services);
  const image = await captureAll(points, disk);
  await points.publishPoint(pointOf("p1", image));
  await using other = await openRepository(served.clients[1], services);
  expect((await readAll(other, image)).equals(disk)).toBe(true);
  expect((await other.check()).findings).toEqual([]);
  const before = await Array.fromAsync(served.local.list(""));
  for (const name of before) {
    await expect(served.clients[0].delete(name)).rejects.toMatchObject({ code: "repository.store.append-only" });
    await expect(served.clients[0].put(name, new Uint8Array(9))).rejects.toMatchObject({
      code: "repository.store.exists",
    });
  }
  for (const name of ["deleted/p1", "fenced/aa", "epochs/0000000001", "key-removals/a", "holds/p1", "config2"])
    await expect(served.clients[0].put(name, new Uint8Array(9))).rejects.toMatchObject({
      code: "repository.store.append-only",
    });
  expect(await Array.fromAsync(served.local.list(""))).toEqual(before);
  await using own = await openRepository(served.local, services);
  expect((await readAll(own, image)).equals(disk)).toBe(true);
});

test("a capture that was taken for dead is told so, and its point counts for nobody", async () => {
  await using served = await start();
  const services = { passphrase: new Secret("a long passphrase"), random: strongRandom, clock };
  await createRepository(served.clients[0], services);
  await using points = await openRepository(served.clients[0], services);
  const image = await captureAll(points, randomBytes(300_000));
  const [writer] = await Array.fromAsync(served.local.list("writers/"));
  const writerId = writer!.slice("writers/".length).split("-")[0]!;
  await served.local.put(`fenced/${writerId}`, new Uint8Array(1));
  await expect(points.publishPoint(pointOf("p1", image))).rejects.toMatchObject({ code: "repository.point.withdrawn" });
  expect(await points.listPoints()).toEqual([]);
  await using other = await openRepository(served.local, services);
  expect(await other.listPoints()).toEqual([]);
});

test("a token that is unknown or was taken back is refused, and the audit says so", async () => {
  await using served = await start();
  const stranger = served.open("hfappend_stranger");
  await expect(stranger.size("config")).rejects.toMatchObject({ code: "repository.store.denied" });
  await served.clients[0].put("packs/aa/one", new Uint8Array(5));
  served.state.tokens = [];
  await expect(served.clients[0].get("packs/aa/one")).rejects.toMatchObject({ code: "repository.store.denied" });
  expect(
    served.audit.map(({ client, method, object, bytes, status }) => [client, method, object, bytes, status]),
  ).toEqual([
    [null, "HEAD", "", 0, 401],
    ["clinic", "PUT", "packs/aa/one", 5, 201],
    [null, "GET", "", 0, 401],
  ]);
});

test("what would leave too little room is refused as full, and nothing is there", async () => {
  await using served = await start();
  served.state.freeBytes = 10;
  const put = served.clients[0].put("packs/aa/one", new Uint8Array(11));
  await expect(put).rejects.toMatchObject({ code: "repository.store.full" });
  expect(await served.local.size("packs/aa/one")).toBeNull();
});

/** Sends text as it stands; answers what came back until the connection ended. */
async function raw(port: number, text: string): Promise<string> {
  return await new Promise((resolve, reject) => {
    let seen = "";
    const socket = connect(port, "127.0.0.1", () => socket.end(text));
    socket.on("data", (data) => (seen += data.toString("latin1")));
    socket.on("close", () => resolve(seen));
    socket.on("error", reject);
  });
}

test("bodies that are cut, too long, changed or without a length leave nothing behind", async () => {
  await using served = await start();
  const made = makeAccessToken("other", strongRandom);
  served.state.tokens.push(made.token);
  const head = (name: string, headers: string): string =>
    `PUT /v1/objects/${name} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${made.text}\r\nConnection: close\r\n${headers}\r\n\r\n`;
  await raw(served.server.port, `${head("packs/aa/cut", "Content-Length: 100")}only this`);
  expect(await raw(served.server.port, `${head("packs/aa/sum", "Content-Length: 4")}abcd`)).toMatch(/^HTTP\/1\.1 400/);
  expect(await raw(served.server.port, head("packs/aa/big", "Content-Length: 99999999999"))).toMatch(/^HTTP\/1\.1 413/);
  expect(await raw(served.server.port, `${head("packs/aa/no", "Transfer-Encoding: chunked")}0\r\n\r\n`)).toMatch(
    /^HTTP\/1\.1 411/,
  );
  expect(await raw(served.server.port, head("packs/../config", "Content-Length: 0"))).toMatch(/^HTTP\/1\.1 40/);
  expect(await raw(served.server.port, head("packs/%2e%2e/x", "Content-Length: 0"))).toMatch(/^HTTP\/1\.1 40/);
  await expect.poll(() => served.audit.filter(({ method }) => method === "PUT").length).toBe(6);
  expect(await Array.fromAsync(served.local.list(""))).toEqual([]);
});

test("a server without a certificate serves loopback only, and a port that is taken is told", async () => {
  await using served = await start();
  const parts = { store: served.local, clock, readTokens: async () => [], checkRoom: async () => {}, audit: () => {} };
  await expect(startAppendOnlyServer(parts, { host: "0.0.0.0", port: 0 })).rejects.toMatchObject({
    code: "repository.serve.plain-http",
  });
  await expect(startAppendOnlyServer(parts, { host: "127.0.0.1", port: served.server.port })).rejects.toMatchObject({
    code: "repository.serve.cannot-listen",
  });
  expect(() => createAppendOnlyStore({ url: "http://backup.example", token: new Secret("t") })).toThrow(
    expect.objectContaining({ code: "repository.store.bad-location" }),
  );
  await served.server[Symbol.asyncDispose]();
  await expect(served.clients[0].size("config")).rejects.toMatchObject({
    code: "repository.store.unreachable",
    isRetryable: true,
  });
});

test("tokens are known by their hash alone, and a file that is none is refused", () => {
  const { text, token } = makeAccessToken("clinic", strongRandom);
  const tokens = parseAccessTokens(JSON.stringify({ tokens: [token] }));
  expect(JSON.stringify(tokens)).not.toContain(text.slice(10));
  expect(clientOf(`Bearer ${text}`, tokens)).toBe("clinic");
  for (const header of [undefined, text, `Bearer ${text}x`, "Bearer ", `Bearer ${token.sha256}`])
    expect(clientOf(header, tokens)).toBeNull();
  for (const bad of ["", "{}", '{"tokens":[{}]}', '{"tokens":[{"client":"a","sha256":"zz"}]}'])
    expect(() => parseAccessTokens(bad)).toThrow(expect.objectContaining({ code: "repository.serve.bad-tokens" }));
});
