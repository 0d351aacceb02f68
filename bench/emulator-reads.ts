// How fast the emulator hands out ranges of a page blob: 4 MiB a request, 8 at once, over plain HTTP and over TLS.
//   node bench/emulator-reads.ts [RUNS]
// The emulator is a process of its own; each of four client threads holds two connections and throws the bytes away.
import { execFileSync, spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { request as httpRequest } from "node:http";
import { Agent, request as httpsRequest } from "node:https";
import { connect as connectPlain, type Socket } from "node:net";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { connect as connectTls } from "node:tls";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";

const MiB = 1024 * 1024;
const blobBytes = 256 * MiB;
const pieceBytes = 4 * MiB;
const threads = 4;
const connectionsPerThread = 2;
const bytesPerRun = 2048 * MiB;
const domain = "east.ash.example";

interface Job {
  readonly isTls: boolean;
  readonly port: number;
  readonly caFile: string;
  readonly host: string;
  readonly path: string;
  readonly requests: number;
}

/** Sends GETs one after another on one connection, counting bytes as they come and keeping none. */
function drain(job: Job, first: number, count: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const buffer = Buffer.allocUnsafeSlow(MiB);
    let sent = 0;
    let left = 0;
    let head = "";
    const ask = (): void => {
      if (sent === count) {
        socket.destroy();
        resolve();
        return;
      }
      const start = ((first + sent) * pieceBytes) % blobBytes;
      sent += 1;
      head = "";
      left = -1;
      socket.write(
        `GET ${job.path} HTTP/1.1\r\nHost: ${job.host}\r\nx-ms-version: 2019-07-07\r\nx-ms-range: bytes=${start}-${start + pieceBytes - 1}\r\n\r\n`,
      );
    };
    const take = (length: number, bytes: Uint8Array): boolean => {
      let at = 0;
      if (left < 0) {
        const before = head.length;
        head += Buffer.from(bytes.subarray(0, length)).toString("latin1");
        const end = head.indexOf("\r\n\r\n");
        if (end === -1) return true;
        if (!head.startsWith("HTTP/1.1 206")) {
          reject(new Error(head.slice(0, 200)));
          socket.destroy();
          return false;
        }
        at = end + 4 - before;
        left = pieceBytes;
      }
      left -= length - at;
      if (left === 0) ask();
      return true;
    };
    const onread = { buffer, callback: take };
    const where = { host: "127.0.0.1", port: job.port, onread };
    const socket: Socket = job.isTls
      ? connectTls({ ...where, servername: job.host.split(":")[0] ?? "", ca: readFileSync(job.caFile) }, ask)
      : connectPlain(where, ask);
    socket.once("error", reject);
  });
}

async function work(): Promise<void> {
  const { job, thread } = workerData as { readonly job: Job; readonly thread: number };
  const each = job.requests / threads / connectionsPerThread;
  const lanes = Array.from({ length: connectionsPerThread }, (_unused, lane) =>
    drain(job, (thread * connectionsPerThread + lane) * each, each),
  );
  await Promise.all(lanes);
  parentPort?.postMessage("done");
}

function runOnce(job: Job): Promise<number> {
  const startedMs = performance.now();
  const all = Array.from(
    { length: threads },
    (_unused, thread) =>
      new Promise<void>((resolve, reject) => {
        const worker = new Worker(new URL(import.meta.url), { workerData: { job, thread } });
        worker.once("error", reject);
        worker.once("exit", () => resolve());
      }),
  );
  return Promise.all(all).then(() => bytesPerRun / MiB / ((performance.now() - startedMs) / 1000));
}

interface Stamp {
  readonly port: number;
  readonly armUrl: string;
  readonly plainStorageUrl: string;
  readonly caFile: string;
  readonly loginUrl: string;
  readonly clientId: string;
  readonly clientSecretFile: string;
  readonly subscriptionId: string;
  readonly audience: string;
}

interface Call {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

function send(stamp: Stamp, { method, url, headers, body }: Call): Promise<string> {
  return new Promise((resolve, reject) => {
    const isTls = url.startsWith("https:");
    const options = { method, headers, ...(isTls ? { agent: new Agent({ ca: readFileSync(stamp.caFile) }) } : {}) };
    const outgoing = (isTls ? httpsRequest : httpRequest)(url, options, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part: string) => (text += part));
      response.once("end", () => {
        if ((response.statusCode ?? 500) < 400) resolve(text);
        else reject(new Error(`${method} ${url}: ${response.statusCode} ${text}`));
      });
    });
    outgoing.once("error", reject);
    outgoing.end(body);
  });
}

/** Makes an account with one full page blob; answers a SAS path to it. */
async function prepare(stamp: Stamp): Promise<string> {
  const put = (url: string, headers: Record<string, string>, body: string | Buffer = ""): Promise<string> =>
    send(stamp, { method: "PUT", url, headers, body });
  const post = (url: string, headers: Record<string, string>, body: string): Promise<string> =>
    send(stamp, { method: "POST", url, headers, body });
  const form = new URLSearchParams({
    grant_type: "client_credentials",
    client_id: stamp.clientId,
    client_secret: readFileSync(stamp.clientSecretFile, "utf8").trim(),
    resource: stamp.audience,
  });
  const urlencoded = { "content-type": "application/x-www-form-urlencoded" };
  const token = JSON.parse(await post(`${stamp.loginUrl}/oauth2/token`, urlencoded, form.toString())) as {
    readonly access_token: string;
  };
  const headers = { authorization: `Bearer ${token.access_token}`, "content-type": "application/json" };
  const group = `${stamp.armUrl}/subscriptions/${stamp.subscriptionId}/resourceGroups/bench`;
  await put(`${group}?api-version=2019-10-01`, headers, JSON.stringify({ location: "east" }));
  const account = `${group}/providers/Microsoft.Storage/storageAccounts/benchdata`;
  const wanted = { location: "east", kind: "Storage", sku: { name: "Standard_LRS" }, properties: {} };
  await put(`${account}?api-version=2019-06-01`, headers, JSON.stringify(wanted));
  const keys = JSON.parse(await post(`${account}/listKeys?api-version=2019-06-01`, headers, "{}")) as {
    readonly keys: readonly { readonly value: string }[];
  };
  const expiry = new Date(Date.now() + 3_600_000).toISOString().replace(/\.\d+Z/, "Z");
  const text = ["benchdata", "rwc", "b", "co", "", expiry, "", "", "2019-07-07", ""].join("\n");
  const signature = createHmac("sha256", Buffer.from(keys.keys[0]!.value, "base64")).update(text).digest("base64");
  const sas = new URLSearchParams({ sv: "2019-07-07", ss: "b", srt: "co", sp: "rwc", se: expiry, sig: signature });
  const host = { host: `benchdata.blob.${domain}`, "x-ms-version": "2019-07-07" };
  await put(`${stamp.plainStorageUrl}/bench?restype=container&${sas}`, { ...host, "content-length": "0" });
  const path = `/bench/disk.vhd?${sas}`;
  const page = {
    ...host,
    "x-ms-blob-type": "PageBlob",
    "x-ms-blob-content-length": String(blobBytes),
    "content-length": "0",
  };
  await put(`${stamp.plainStorageUrl}${path}`, page);
  for (let at = 0; at < blobBytes; at += pieceBytes) {
    const range = { "x-ms-page-write": "update", "x-ms-range": `bytes=${at}-${at + pieceBytes - 1}` };
    const piece = Buffer.alloc(pieceBytes, at / pieceBytes + 1);
    await put(
      `${stamp.plainStorageUrl}${path}&comp=page`,
      { ...host, ...range, "content-length": String(pieceBytes) },
      piece,
    );
  }
  return path;
}

async function main(): Promise<void> {
  const runs = Number(process.argv[2] ?? 5);
  const folder = await mkdtemp(join(tmpdir(), "holdfast-bench-"));
  const launcher = join(import.meta.dirname, "../apps/emulator/bin/ash-emulator");
  const flags = ["--data", folder, "--stamp", "east", "--print", "json"];
  const emulator = spawn(launcher, flags, { stdio: ["ignore", "pipe", "inherit"] });
  try {
    const [line] = await createInterface({ input: emulator.stdout })
      [Symbol.asyncIterator]()
      .next()
      .then(({ value }) => [String(value)]);
    const stamp = (JSON.parse(line ?? "") as { readonly stamps: readonly Stamp[] }).stamps[0]!;
    const path = await prepare(stamp);
    const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim();
    console.log(
      `${cpus().length} × ${cpus()[0]?.model}, Node ${process.version}, commit ${commit}, ${runs} runs after one to warm up`,
    );
    for (const isTls of [false, true]) {
      const port = isTls ? stamp.port : Number(new URL(stamp.plainStorageUrl).port);
      const host = `benchdata.blob.${domain}${isTls ? `:${port}` : ""}`;
      const job: Job = { isTls, port, host, path, caFile: stamp.caFile, requests: bytesPerRun / pieceBytes };
      await runOnce(job);
      const rates: number[] = [];
      for (let run = 0; run < runs; run += 1) rates.push(await runOnce(job));
      rates.sort((a, b) => a - b);
      const [low, middle, high] = [rates[0]!, rates[Math.floor(rates.length / 2)]!, rates.at(-1)!];
      console.log(
        `${isTls ? "TLS  " : "plain"} median ${middle.toFixed(0)} MiB/s [${low.toFixed(0)} to ${high.toFixed(0)}]`,
      );
    }
  } finally {
    emulator.kill();
    await rm(folder, { recursive: true, force: true });
  }
}

await (isMainThread ? main() : work());
