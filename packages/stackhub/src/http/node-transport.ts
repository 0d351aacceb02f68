import { X509Certificate } from "node:crypto";
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { createSecureContext, getCACertificates } from "node:tls";
import { HoldfastError } from "@holdfast/kernel";
import { createLookup } from "./host-overrides.ts";
import type { HttpAnswer, HttpRequest, HttpTransport } from "./http-message.ts";
import { answerTooLarge, netError, timedOut } from "./net-error.ts";

export interface NodeTransportOptions {
  readonly caPem?: string;
  readonly resolve?: Readonly<Record<string, string>>;
  /** Connections to one host; more calls wait for a free one. */
  readonly maxConnectionsPerHost?: number;
}

/**
 * Sends over node:http and node:https with kept-alive connections. The stamp's authority is added to the default
 * roots; verification is never off. Redirects are not followed: no part of the platform sends one.
 */
export function createNodeTransport(options: NodeTransportOptions = {}): HttpTransport {
  const common = {
    keepAlive: true,
    maxSockets: options.maxConnectionsPerHost ?? 32,
    lookup: createLookup(options.resolve ?? {}),
  };
  const plain = new HttpAgent(common);
  const secure = new HttpsAgent({ ...common, secureContext: trust(options.caPem), minVersion: "TLSv1.2" });
  return {
    send: (request) =>
      new Promise((resolve, reject) => {
        exchange(request, { plain, secure }, resolve, reject);
      }),
    [Symbol.asyncDispose]: () => {
      plain.destroy();
      secure.destroy();
      return Promise.resolve();
    },
  };
}

/** The default roots and the stamp's authority; raises `stackhub.tls.bad-ca`. */
export function trust(caPem: string | undefined): ReturnType<typeof createSecureContext> {
  const roots = getCACertificates("default");
  if (caPem === undefined) return createSecureContext({ ca: roots });
  try {
    // Parsed here because a secure context takes text without any certificate in it in silence.
    new X509Certificate(caPem);
    return createSecureContext({ ca: [...roots, caPem] });
  } catch (cause) {
    throw new HoldfastError({
      code: "stackhub.tls.bad-ca",
      message: "the authority's certificates cannot be read as PEM",
      advice: "Give --ca a file that begins with -----BEGIN CERTIFICATE-----.",
      cause,
    });
  }
}

function exchange(
  request: HttpRequest,
  agents: { readonly plain: HttpAgent; readonly secure: HttpsAgent },
  resolve: (answer: HttpAnswer) => void,
  fail: (error: unknown) => void,
): void {
  const { url, signal } = request;
  if (signal?.aborted === true) {
    fail(signal.reason);
    return;
  }
  const head = { method: request.method, headers: requestHeaders(request) };
  const call =
    url.protocol === "https:"
      ? httpsRequest(url, { ...head, agent: agents.secure })
      : httpRequest(url, { ...head, agent: agents.plain });
  // Destroying with the reason makes every way to end early arrive as one "error".
  const onAbort = (): void => void call.destroy(abortError(signal));
  const reject = (cause: unknown): void => {
    signal?.removeEventListener("abort", onAbort);
    fail(signal?.aborted === true ? signal.reason : netError(cause, url));
  };
  signal?.addEventListener("abort", onAbort, { once: true });
  call.setTimeout(request.timeoutMs, () => call.destroy(timedOut(url, request.timeoutMs)));
  call.on("error", reject);
  call.on("response", (message) => {
    collect(
      message,
      request,
      (answer) => {
        signal?.removeEventListener("abort", onAbort);
        resolve(answer);
      },
      (cause) => {
        // A refused answer must not leave half a body on a connection that is used again.
        call.destroy();
        reject(cause);
      },
    );
  });
  call.end(request.body);
}

function abortError(signal: AbortSignal | undefined): Error {
  return signal?.reason instanceof Error ? signal.reason : new Error("aborted");
}

function requestHeaders(request: HttpRequest): Record<string, string> {
  const headers: Record<string, string> = { ...request.headers };
  if (request.body !== undefined || request.method === "PUT" || request.method === "POST") {
    headers["Content-Length"] = String(request.body?.byteLength ?? 0);
  }
  return headers;
}

function collect(
  message: IncomingMessage,
  request: HttpRequest,
  resolve: (answer: HttpAnswer) => void,
  reject: (cause: unknown) => void,
): void {
  const status = message.statusCode ?? 0;
  const isGood = status >= 200 && status < 300;
  const into = isGood ? request.into : undefined;
  const onData = isGood ? request.onData : undefined;
  const maxBytes = Math.min(request.maxAnswerBytes, into?.length ?? request.maxAnswerBytes);
  const pieces: Buffer[] = [];
  let seenBytes = 0;
  message.on("data", (piece: Buffer) => {
    seenBytes += piece.byteLength;
    if (seenBytes > maxBytes) {
      reject(answerTooLarge(request.url, maxBytes));
      return;
    }
    into?.set(piece, seenBytes - piece.byteLength);
    if (into !== undefined) return;
    if (onData === undefined) {
      pieces.push(piece);
      return;
    }
    try {
      onData(piece);
    } catch (cause) {
      reject(cause);
    }
  });
  message.on("error", reject);
  message.on("end", () => {
    // The end of a body that was refused.
    if (seenBytes > maxBytes) return;
    resolve({ status, headers: message.headers, body: into === undefined ? join(pieces) : view(into, seenBytes) });
  });
}

function join(pieces: readonly Buffer[]): Buffer {
  return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
}

function view({ buffer, byteOffset }: Uint8Array, length: number): Buffer {
  return Buffer.from(buffer, byteOffset, length);
}
