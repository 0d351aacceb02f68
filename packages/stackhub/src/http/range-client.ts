import { connect as connectPlain, isIP } from "node:net";
import type { LookupFunction, Socket } from "node:net";
import { connect as connectSecure } from "node:tls";
import type { SecureContext } from "node:tls";
import { invariant, KiB } from "@holdfast/kernel";
import { createHeadReader, NotSimpleAnswer } from "./answer-head.ts";
import type { AnswerHead } from "./answer-head.ts";
import type { HttpAnswer, HttpRequest } from "./http-message.ts";
import { answerTooLarge, netError, timedOut } from "./net-error.ts";

export interface RangeClientOptions {
  readonly lookup: LookupFunction;
  readonly secureContext: SecureContext;
}

/** A GET whose body goes to memory that the caller hands in. */
export type RangeRequest = HttpRequest & { readonly method: "GET"; readonly into: Uint8Array };

/**
 * Gets bodies straight into memory, over connections that are kept: half the work of a general client, which allocates for
 * every 64 KiB. It knows answers with a plain `Content-Length` only; all others raise `NotSimpleAnswer`, and are for a
 * general client to ask for again.
 */
export interface RangeClient extends Disposable {
  get(request: RangeRequest): Promise<HttpAnswer>;
}

const readBytes = 256 * KiB;

export function createRangeClient(options: RangeClientOptions): RangeClient {
  const idle = new Map<string, Connection[]>();
  const all = new Set<Connection>();
  const open = (url: URL): Connection => {
    const connection = openConnection(url, options, () => {
      all.delete(connection);
      const kept = idle.get(url.origin) ?? [];
      idle.set(
        url.origin,
        kept.filter((one) => one !== connection),
      );
    });
    all.add(connection);
    return connection;
  };
  return {
    async get(request) {
      request.signal?.throwIfAborted();
      const connection = idle.get(request.url.origin)?.pop() ?? open(request.url);
      const { answer, mayGoOn } = await connection.get(request);
      if (mayGoOn) idle.set(request.url.origin, [...(idle.get(request.url.origin) ?? []), connection]);
      else connection.destroy();
      return answer;
    },
    [Symbol.dispose]() {
      for (const connection of all) connection.destroy();
    },
  };
}

interface Connection {
  /** One at a time. A call that fails has destroyed the connection. */
  get(request: RangeRequest): Promise<{ readonly answer: HttpAnswer; readonly mayGoOn: boolean }>;
  destroy(reason?: Error): void;
}

/** What is read for one request. */
interface Exchange {
  take(bytes: Uint8Array): void;
  fail(cause: unknown): void;
}

function openConnection(url: URL, options: RangeClientOptions, onClosed: () => void): Connection {
  let exchange: Exchange | null = null;
  const buffer = Buffer.allocUnsafeSlow(readBytes);
  const onread = {
    buffer,
    callback(length: number): boolean {
      // What comes without having been asked for makes the connection useless.
      if (exchange === null) socket.destroy();
      else exchange.take(buffer.subarray(0, length));
      return true;
    },
  };
  const socket = connect(url, options, onread);
  let timeoutMs = 0;
  socket.setNoDelay(true);
  socket.on("timeout", () => socket.destroy(timedOut(url, timeoutMs)));
  socket.on("error", (error) => exchange?.fail(error));
  socket.on("close", () => {
    onClosed();
    exchange?.fail(Object.assign(new Error("the connection was closed"), { code: "ECONNRESET" }));
  });
  return {
    destroy: (reason) => void socket.destroy(reason),
    async get(request) {
      invariant(exchange === null, "a connection serves one request at a time");
      const { signal } = request;
      const onAbort = (): void => void socket.destroy(new Error("aborted"));
      signal?.addEventListener("abort", onAbort, { once: true });
      timeoutMs = request.timeoutMs;
      socket.setTimeout(timeoutMs);
      socket.ref();
      try {
        return await new Promise((resolve, reject) => {
          exchange = createExchange(request, resolve, reject);
          socket.write(requestText(request));
        });
      } catch (error) {
        socket.destroy();
        throw signal?.aborted === true ? signal.reason : netError(error, request.url);
      } finally {
        exchange = null;
        socket.setTimeout(0);
        socket.unref();
        signal?.removeEventListener("abort", onAbort);
      }
    },
  };
}

function connect(
  url: URL,
  { lookup, secureContext }: RangeClientOptions,
  onread: { readonly buffer: Uint8Array; callback(length: number): boolean },
): Socket {
  // WHATWG keeps the brackets of IPv6 addresses.
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const place = { host, port: Number(url.port || (url.protocol === "https:" ? 443 : 80)), lookup, onread };
  if (url.protocol !== "https:") return connectPlain(place);
  const servername = isIP(host) === 0 ? host : "";
  return connectSecure({ ...place, servername, secureContext, minVersion: "TLSv1.2" });
}

function createExchange(
  { url, into, maxAnswerBytes }: RangeRequest,
  resolve: (done: { readonly answer: HttpAnswer; readonly mayGoOn: boolean }) => void,
  reject: (cause: unknown) => void,
): Exchange {
  const reader = createHeadReader();
  let head: AnswerHead | undefined;
  let body: Uint8Array = into;
  let seenBytes = 0;
  const begin = (found: AnswerHead): void => {
    const { status, bodyBytes } = found;
    if (bodyBytes === null) throw new NotSimpleAnswer("the length of the body is not told");
    const isGood = status < 300;
    const limit = Math.min(maxAnswerBytes, isGood ? into.length : maxAnswerBytes);
    if (bodyBytes > limit) throw answerTooLarge(url, limit);
    if (!isGood) body = new Uint8Array(bodyBytes);
    head = found;
  };
  const take = (bytes: Uint8Array): void => {
    let rest = bytes;
    if (head === undefined) {
      const found = reader.push(bytes);
      if (found === null) return;
      begin(found.head);
      rest = bytes.subarray(found.usedBytes);
    }
    const { status, headers, bodyBytes, closes } = head!;
    // More than was promised belongs to no answer that was asked for.
    if (seenBytes + rest.length > bodyBytes!) throw new NotSimpleAnswer("the body is longer than its length");
    body.set(rest, seenBytes);
    seenBytes += rest.length;
    if (seenBytes < bodyBytes!) return;
    const answer = { status, headers, body: Buffer.from(body.buffer, body.byteOffset, seenBytes) };
    resolve({ answer, mayGoOn: !closes });
  };
  return {
    fail: reject,
    take(bytes) {
      try {
        take(bytes);
      } catch (error) {
        reject(error);
      }
    },
  };
}

function requestText({ url, headers }: RangeRequest): string {
  const lines = [`GET ${url.pathname}${url.search} HTTP/1.1`, `Host: ${url.host}`];
  for (const [name, value] of Object.entries(headers)) {
    invariant(!/[\r\n\0]/.test(name + value), `the header ${name} is one line`);
    lines.push(`${name}: ${value}`);
  }
  return `${lines.join("\r\n")}\r\n\r\n`;
}
