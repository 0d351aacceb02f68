import { hash } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createSlots, hasErrorCode, HoldfastError, MiB } from "@holdfast/kernel";
import type { Clock } from "@holdfast/kernel";
import type { BlobStore } from "../blob-store/blob-store.ts";
import { isObjectName } from "../blob-store/object-name.ts";
import { maxConfigBytes, maxIndexBytes, maxManifestBytes, maxPackBytes } from "../format/limits.ts";
import { clientOf } from "./access-tokens.ts";
import type { AccessToken } from "./access-tokens.ts";

/** What clients may create, and how large it may be. All else is for the server's own side: docs/append-only-server.md. */
const creatable: Readonly<Record<string, number>> = {
  config: maxConfigBytes,
  keys: maxConfigBytes,
  packs: maxPackBytes,
  // Writers make one for every GiB of packs: 48 MiB at most.
  index: 64 * MiB,
  points: maxManifestBytes + MiB,
  writers: maxConfigBytes,
};
const bodiesAtATime = 8;
/** What is read of a body that was refused, so that its sender comes to read the answer. */
const drainedBytes = 64 * MiB;

/** One write or refusal, for the audit. */
export interface AuditLine {
  readonly atMs: number;
  readonly client: string | null;
  readonly address: string;
  readonly method: string;
  readonly object: string;
  readonly bytes: number;
  readonly status: number;
  readonly reason: string;
}

export interface AppendOnlyParts {
  readonly store: BlobStore;
  readonly clock: Clock;
  /** Read for every request, so that a token that is taken back is refused at once. */
  readTokens(): Promise<readonly AccessToken[]>;
  /** Raises `repository.store.full` where an object of this length would leave too little room. */
  checkRoom(bytes: number): Promise<void>;
  audit(line: AuditLine): void;
}

interface Answer {
  readonly status: number;
  readonly reason?: string;
  readonly body?: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
  readonly names?: AsyncIterable<string>;
}

class Refused extends Error {
  readonly answer: Answer;

  constructor(status: number, reason: string) {
    super(reason);
    this.answer = { status, reason };
  }
}

/** Answers the requests of an append-only server. Never raises: what goes wrong is an answer, and a line of the audit. */
export function createAppendOnlyHandler(parts: AppendOnlyParts) {
  const bodies = createSlots(Array.from({ length: bodiesAtATime }, () => null));
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const stop = new AbortController();
    response.on("close", () => stop.abort(new Error("the client is gone")));
    const seen = { client: null as string | null, object: "", bytes: 0 };
    let answer: Answer;
    try {
      seen.client = clientOf(request.headers.authorization, await parts.readTokens());
      if (seen.client === null) throw new Refused(401, "token");
      answer = await answerTo(parts, request, { seen, bodies, signal: stop.signal });
    } catch (error) {
      answer = error instanceof Refused ? error.answer : ofStore(error);
    }
    const { method = "", socket } = request;
    if (method === "PUT" || answer.status >= 400) {
      const { status, reason = "" } = answer;
      const address = socket.remoteAddress ?? "";
      parts.audit({ atMs: parts.clock.now(), ...seen, address, method, status, reason });
    }
    await send(request, response, answer);
  };
}

interface Turn {
  readonly seen: { client: string | null; object: string; bytes: number };
  readonly bodies: ReturnType<typeof createSlots<null>>;
  readonly signal: AbortSignal;
}

async function answerTo(parts: AppendOnlyParts, request: IncomingMessage, turn: Turn): Promise<Answer> {
  const { store } = parts;
  const { signal } = turn;
  const url = new URL(request.url ?? "/", "http://server");
  if (request.method === "GET" && url.pathname === "/v1/list") {
    const prefix = url.searchParams.get("prefix") ?? "";
    if (!/^[A-Za-z0-9/_-]{0,400}$/.test(prefix)) throw new Refused(400, "prefix");
    return { status: 200, names: store.list(prefix, { signal }) };
  }
  const name = url.pathname.startsWith("/v1/objects/") ? url.pathname.slice("/v1/objects/".length) : "";
  turn.seen.object = name.slice(0, 400);
  if (!isObjectName(name)) throw new Refused(400, "name");
  const { method = "" } = request;
  switch (method) {
    case "PUT":
      return await turn.bodies.with(() => put(parts, request, name, turn));
    case "HEAD": {
      const size = await store.size(name, { signal });
      if (size === null) throw new Refused(404, "missing");
      return { status: 200, headers: { "Content-Length": String(size) } };
    }
    case "GET":
      return await get(store, name, request.headers.range, signal);
    default:
      throw new Refused(403, "append-only");
  }
}

async function put(parts: AppendOnlyParts, request: IncomingMessage, name: string, turn: Turn): Promise<Answer> {
  const limit = creatable[name.split("/")[0] ?? ""];
  if (limit === undefined || (name.startsWith("config") && name !== "config")) throw new Refused(403, "append-only");
  const length = request.headers["content-length"] ?? "";
  if (!/^\d{1,12}$/.test(length)) throw new Refused(411, "length");
  if (Number(length) > limit) throw new Refused(413, "too-large");
  turn.seen.bytes = Number(length);
  await parts.checkRoom(Number(length));
  const body = await readBody(request, Number(length));
  if (hash("sha256", body) !== request.headers["x-holdfast-sha256"]) throw new Refused(400, "checksum");
  // Not the signal of the connection: a put that began is finished, so that its name is whole or not there.
  await parts.store.put(name, body);
  return { status: 201 };
}

async function readBody(request: IncomingMessage, length: number): Promise<Uint8Array> {
  const body = new Uint8Array(length);
  let at = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    if (at + piece.length > length) throw new Refused(400, "length");
    body.set(piece, at);
    at += piece.length;
  }
  if (at !== length) throw new Refused(400, "length");
  return body;
}

async function get(store: BlobStore, name: string, header: string | undefined, signal: AbortSignal): Promise<Answer> {
  if (header === undefined) return { status: 200, body: await store.get(name, undefined, { signal }) };
  const [, first = "", last = ""] = /^bytes=(\d{1,15})-(\d{1,15})$/.exec(header) ?? [];
  const range = { start: Number(first), end: Number(last) + 1 };
  if (first === "" || range.end <= range.start || range.end - range.start > maxIndexBytes)
    throw new Refused(400, "range");
  return { status: 206, body: await store.get(name, range, { signal }) };
}

/** What a store's error means for a client. */
function ofStore(error: unknown): Answer {
  const statuses: Readonly<Record<string, number>> = {
    "repository.store.exists": 409,
    "repository.store.missing": 404,
    "repository.store.short": 416,
    "repository.store.full": 507,
    "repository.store.gone": 503,
  };
  for (const [code, status] of Object.entries(statuses))
    if (hasErrorCode(error, code)) return { status, reason: code.split(".").at(-1)! };
  return { status: 500, reason: error instanceof HoldfastError ? error.code : "fault" };
}

async function drain(request: IncomingMessage): Promise<void> {
  // A connection that is gone ends nothing any more.
  if (request.destroyed) return;
  await new Promise<void>((resolve) => {
    for (const end of ["end", "close", "error"]) request.once(end, () => resolve());
    request.resume();
  });
}

async function send(request: IncomingMessage, response: ServerResponse, answer: Answer): Promise<void> {
  const { status, reason, body, names, headers } = answer;
  if (status >= 400 && !request.complete) {
    // What is left of a body that was refused must not be read as the next request; a client reads no answer while it sends.
    response.setHeader("Connection", "close");
    if (Number(request.headers["content-length"] ?? 0) <= drainedBytes) await drain(request);
  }
  if (reason !== undefined) response.setHeader("x-holdfast-reason", reason);
  if (names === undefined) {
    response.writeHead(status, { "Content-Length": String(body?.length ?? 0), ...headers });
    response.end(body);
    return;
  }
  try {
    for await (const name of names) if (!response.write(`${name}\n`)) await once(response, "drain");
    response.end(".\n");
  } catch {
    // Cut off without its last line: the client knows that the listing is not whole.
    response.destroy();
  }
}
