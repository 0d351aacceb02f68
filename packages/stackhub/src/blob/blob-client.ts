import type { Clock } from "@holdfast/kernel";
import type { HttpCaller } from "../http/http-caller.ts";
import type { HttpAnswer, HttpRequest } from "../http/http-message.ts";
import { blobError } from "./blob-error.ts";
import { signSharedKey } from "./shared-key.ts";

/** The newest version of the platform, and the oldest that tells changes of managed snapshots. */
export const blobVersion = "2019-07-07";

const timeoutMs = 60_000;
const maxErrorBytes = 64 * 1024;

/** How a call is allowed: by the address itself (SAS), or by a signature with an account's key. */
export interface BlobAccess {
  readonly url: URL;
  readonly account: { readonly name: string; readonly keyBase64: string } | null;
}

export interface BlobCall {
  readonly method: "GET" | "HEAD" | "PUT" | "DELETE";
  /** Added to the query of the address. */
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  readonly isIdempotent?: boolean;
  readonly maxAnswerBytes?: number;
  /** Called before each attempt: gives the sink of that attempt. */
  readonly startData?: () => (piece: Buffer) => void;
  /** Is filled with the body of a 2xx answer. */
  readonly into?: Uint8Array | undefined;
  /** Statuses that are answers and no errors. */
  readonly expected: readonly number[];
  readonly signal?: AbortSignal | undefined;
}

/** Calls of the blob service: versioned, signed where the access needs it, judged by status. */
export interface BlobClient {
  send(access: BlobAccess, call: BlobCall): Promise<HttpAnswer>;
}

export function createBlobClient(deps: { readonly caller: HttpCaller; readonly clock: Clock }): BlobClient {
  return {
    send: async (access, call) => {
      const url = new URL(access.url);
      for (const [name, value] of Object.entries(call.query ?? {})) url.searchParams.set(name, value);
      const answer = await deps.caller.call(
        (clientRequestId) => prepare({ access, call, url, clientRequestId }, deps.clock),
        {
          isIdempotent: call.isIdempotent ?? true,
          signal: call.signal,
        },
      );
      if (call.expected.includes(answer.status)) return answer;
      const asksChanges =
        call.headers?.["x-ms-previous-snapshot-url"] !== undefined || call.query?.["prevsnapshot"] !== undefined;
      throw blobError(answer, { method: call.method, url, asksChanges });
    },
  };
}

function prepare(
  parts: { readonly access: BlobAccess; readonly call: BlobCall; readonly url: URL; readonly clientRequestId: string },
  clock: Clock,
): HttpRequest {
  const { access, call, url, clientRequestId } = parts;
  const headers: Record<string, string> = {
    ...call.headers,
    "x-ms-version": blobVersion,
    "x-ms-client-request-id": clientRequestId,
  };
  if (call.body !== undefined) headers["Content-Type"] = "application/octet-stream";
  if (access.account !== null) {
    headers["x-ms-date"] = new Date(clock.now()).toUTCString();
    const contentLengthBytes = call.body?.byteLength ?? 0;
    headers["Authorization"] = signSharedKey({ method: call.method, url, headers, contentLengthBytes }, access.account);
  }
  return {
    method: call.method,
    url,
    headers,
    ...(call.body === undefined ? {} : { body: call.body }),
    maxAnswerBytes: call.maxAnswerBytes ?? maxErrorBytes,
    timeoutMs,
    ...(call.startData === undefined ? {} : { onData: call.startData() }),
    ...(call.into === undefined ? {} : { into: call.into }),
  };
}
