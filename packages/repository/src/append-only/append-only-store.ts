import { hash } from "node:crypto";
import { Agent as PlainAgent, request as plainRequest } from "node:http";
import type { IncomingMessage } from "node:http";
import { Agent as SecureAgent, request as secureRequest } from "node:https";
import { HoldfastError } from "@holdfast/kernel";
import type { Secret } from "@holdfast/kernel";
import { objectExists, objectMissing, objectShort, refuseTooLarge, storeFull } from "../blob-store/blob-store.ts";
import type { BlobOptions, BlobStore } from "../blob-store/blob-store.ts";
import { checkObjectName } from "../blob-store/object-name.ts";

export interface AppendOnlyStoreOptions {
  /** `https://host:port`; plain HTTP for loopback only. */
  readonly url: string;
  readonly token: Secret;
  readonly caPem?: string;
}

const silenceMs = 60_000;

interface Call {
  readonly method: "GET" | "HEAD" | "PUT" | "DELETE";
  readonly path: string;
  readonly object: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The store behind an append-only server. `delete` and what would hide objects raise `repository.store.append-only`: they
 * are for the server's own side (docs/append-only-server.md).
 */
export function createAppendOnlyStore(options: AppendOnlyStoreOptions): BlobStore & Disposable {
  const { base, start, send, end } = createConnection(options);
  const size: BlobStore["size"] = async (name, options) => {
    const call: Call = { method: "HEAD", path: pathOf(name), object: name, signal: options?.signal };
    const answer = await start(call);
    await bodyOf(answer, call, base);
    const { statusCode = 0, headers } = answer;
    if (statusCode === 404) return null;
    if (statusCode !== 200) throw errorOf(name, statusCode, String(headers["x-holdfast-reason"] ?? ""), base);
    return Number(headers["content-length"]);
  };
  return {
    size,
    async put(name, bytes, options) {
      // The bytes may be memory that others write to next.
      const body = bytes.buffer instanceof SharedArrayBuffer ? new Uint8Array(bytes) : bytes;
      const headers = { "x-holdfast-sha256": hash("sha256", body) };
      await send({ method: "PUT", path: pathOf(name), object: name, headers, body, signal: options?.signal });
    },
    async get(name, range, options) {
      const { signal } = options ?? {};
      if (range !== undefined && range.end === range.start) {
        const whole = await size(name, options);
        if (whole === null) throw objectMissing(name);
        if (range.end > whole) throw objectShort(name);
        return new Uint8Array();
      }
      const headers = range === undefined ? {} : { Range: `bytes=${range.start}-${range.end - 1}` };
      const call: Call = { method: "GET", path: pathOf(name), object: name, headers, signal };
      const isAllowed = (sizeBytes: number): void => {
        if (range === undefined) refuseTooLarge(name, sizeBytes, options ?? {});
      };
      const bytes = await send(call, isAllowed);
      if (range !== undefined && bytes.length !== range.end - range.start) throw objectShort(name);
      return bytes;
    },
    async *list(prefix, options?: BlobOptions) {
      const path = `/v1/list?prefix=${encodeURIComponent(prefix)}`;
      const call: Call = { method: "GET", path, object: `${prefix}*`, signal: options?.signal };
      const answer = await start(call);
      if (answer.statusCode !== 200) {
        await bodyOf(answer, call, base);
        throw errorOf(call.object, answer.statusCode ?? 0, String(answer.headers["x-holdfast-reason"] ?? ""), base);
      }
      let last = "";
      for await (const line of linesOf(answer, call, base)) {
        last = line;
        if (line !== ".") yield line;
      }
      if (last !== ".") throw unreachable(call, base, new Error("the listing was cut off"));
    },
    async delete(name, options) {
      await send({ method: "DELETE", path: pathOf(name), object: name, signal: options?.signal });
    },
    [Symbol.dispose]: end,
  };
}

/** Sends calls with the token, and makes errors of what is no success. */
function createConnection({ url, token, caPem }: AppendOnlyStoreOptions) {
  const base = readUrl(url);
  const isSecure = base.protocol === "https:";
  const common = { keepAlive: true, maxSockets: 16 };
  const trust = caPem === undefined ? {} : { ca: caPem };
  const agent = isSecure ? new SecureAgent({ ...common, ...trust, minVersion: "TLSv1.2" }) : new PlainAgent(common);
  const start = async (call: Call): Promise<IncomingMessage> =>
    await new Promise((resolve, reject) => {
      const { method, path, headers, body, signal } = call;
      const Authorization = `Bearer ${token.reveal()}`;
      const sending = (isSecure ? secureRequest : plainRequest)(new URL(path, base), {
        method,
        agent,
        headers: { ...headers, Authorization, ...(body === undefined ? {} : { "Content-Length": body.length }) },
        ...(signal === undefined ? {} : { signal }),
      });
      sending.setTimeout(silenceMs, () => sending.destroy(new Error("silence")));
      sending.on("error", (error) => reject(signal?.aborted === true ? signal.reason : unreachable(call, base, error)));
      sending.on("response", resolve);
      sending.end(body);
    });
  const send = async (call: Call, isAllowed?: (sizeBytes: number) => void): Promise<Buffer> => {
    const answer = await start(call);
    try {
      if (answer.statusCode === 200) isAllowed?.(Number(answer.headers["content-length"] ?? 0));
    } catch (error) {
      answer.destroy();
      throw error;
    }
    const body = await bodyOf(answer, call, base);
    const { statusCode = 0, headers } = answer;
    if (statusCode >= 200 && statusCode < 300) return body;
    throw errorOf(call.object, statusCode, String(headers["x-holdfast-reason"] ?? ""), base);
  };
  return { base, start, send, end: () => agent.destroy() };
}

function pathOf(name: string): string {
  return `/v1/objects/${checkObjectName(name)}`;
}

function readUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isLoopback = url !== null && ["127.0.0.1", "[::1]", "localhost"].includes(url.hostname);
  const isGood = url?.protocol === "https:" || (url?.protocol === "http:" && isLoopback);
  if (url !== null && isGood && url.pathname === "/" && url.search === "" && url.username === "") return url;
  throw new HoldfastError({
    code: "repository.store.bad-location",
    message: "the address of an append-only server is holdfast+https://<host>:<port>",
    advice: "Give host and port alone; the token is in the file that HOLDFAST_STORE_KEY_FILE names.",
  });
}

async function* linesOf(answer: IncomingMessage, call: Call, base: URL): AsyncGenerator<string> {
  let rest = "";
  try {
    for await (const piece of answer as AsyncIterable<Buffer>) {
      const lines = (rest + piece.toString("latin1")).split("\n");
      rest = lines.pop() ?? "";
      yield* lines;
    }
  } catch (error) {
    throw call.signal?.aborted === true ? call.signal.reason : unreachable(call, base, error);
  }
}

async function bodyOf(answer: IncomingMessage, call: Call, base: URL): Promise<Buffer> {
  const pieces: Buffer[] = [];
  try {
    for await (const piece of answer as AsyncIterable<Buffer>) pieces.push(piece);
  } catch (error) {
    throw call.signal?.aborted === true ? call.signal.reason : unreachable(call, base, error);
  }
  return Buffer.concat(pieces);
}

// The code that is handed to `failed`, for the test that compares them with docs/errors:
// code: repository.store.append-only

function errorOf(object: string, status: number, reason: string, base: URL): HoldfastError {
  const failed = (code: string, message: string, advice: string, isRetryable = false): HoldfastError =>
    new HoldfastError({ code, message, advice, isRetryable, details: { object, status, reason, host: base.host } });
  const cause = new Error(`the server answered ${status} ${reason}`);
  if (status === 404) return objectMissing(object, cause);
  if (status === 409) return objectExists(object, cause);
  if (status === 416) return objectShort(object);
  if (status === 507) return storeFull(object, cause);
  if (status === 401)
    return failed(
      "repository.store.denied",
      `${base.host} does not know the token`,
      "Check the file with the token; on the server, `holdfast repo token list` shows who has one.",
    );
  if (status === 403)
    return failed(
      "repository.store.append-only",
      `${object}: ${base.host} lets clients add and read, and nothing else`,
      "Run this command on the server itself, on the folder that it serves.",
    );
  if (status >= 500)
    return failed(
      "repository.store.unreachable",
      `${object}: ${base.host} cannot do it now (${status} ${reason})`,
      "Look at the server, then run the command again.",
      true,
    );
  return failed(
    "repository.store.refused",
    `${object}: ${base.host} refuses the request (${status} ${reason})`,
    "Check that both sides run the same release.",
  );
}

/** The cause is kept as text: an error of the socket may hold the request with its token. */
function unreachable(call: Call, base: URL, error: unknown): HoldfastError {
  return new HoldfastError({
    code: "repository.store.unreachable",
    message: `${call.object}: ${base.host} does not answer`,
    advice:
      "Check the network, the server, and HOLDFAST_STORE_CA_FILE for its certificate; then run the command again.",
    isRetryable: true,
    details: { object: call.object, host: base.host },
    cause: new Error(error instanceof Error ? error.message : String(error)),
  });
}
