import type { IncomingMessage, ServerResponse } from "node:http";
import { BlobError } from "./blob-error.ts";

/** One request with the blob service, taken apart. Names are decoded; header names are lower case. */
export interface BlobCall {
  readonly method: string;
  readonly url: URL;
  readonly account: string;
  /** Empty for a call on the account. */
  readonly container: string;
  /** Empty for a call on a container. */
  readonly blob: string;
  readonly query: URLSearchParams;
  /** False for a SAS that may create blobs and not write them: it may not put one in the place of another. */
  readonly mayReplace: boolean;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  header(name: string): string | undefined;
}

/** What an operation answers; `body` is sent as it is, or by `send` where it is long. */
export interface BlobReply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  readonly contentLength?: number;
  /** Writes the body itself; used for ranges of blobs. */
  readonly send?: (response: ServerResponse) => Promise<void>;
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch (error) {
    throw new BlobError(
      400,
      "InvalidUri",
      `The requested URI does not represent any resource on the server: ${String(error)}`,
    );
  }
}

/** Takes a request apart by its host and path: `<account>.blob.<domain>/<container>/<blob>`. */
export function parseBlobCall(request: IncomingMessage, response: ServerResponse): BlobCall {
  const host = request.headers.host ?? "localhost";
  const scheme = "encrypted" in request.socket ? "https" : "http";
  const url = new URL(`${scheme}://${host}${request.url ?? "/"}`);
  const account = host.split(".")[0]?.toLowerCase() ?? "";
  const [, container = "", ...rest] = url.pathname.split("/");
  const blob = rest.map(decodeSegment).join("/");
  return {
    method: request.method ?? "GET",
    url,
    account,
    container: decodeSegment(container),
    blob,
    query: url.searchParams,
    mayReplace: true,
    request,
    response,
    header: (name) => {
      const value = request.headers[name];
      return Array.isArray(value) ? value.join(",") : value;
    },
  };
}

/** Reads a body of at most so many bytes; a longer one is refused with 413. */
export async function readBlobBody(call: BlobCall, limitBytes: number): Promise<Buffer> {
  const announced = Number(call.header("content-length") ?? 0);
  const tooLarge = (): BlobError =>
    new BlobError(
      413,
      "RequestBodyTooLarge",
      "The request body is too large and exceeds the maximum permissible limit.",
    );
  if (announced > limitBytes) throw tooLarge();
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of call.request) {
    const bytes = part as Buffer;
    length += bytes.length;
    if (length > limitBytes) throw tooLarge();
    parts.push(bytes);
  }
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts, length);
}
