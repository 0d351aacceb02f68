import type { IncomingHttpHeaders } from "node:http";

export interface HttpRequest {
  readonly method: "GET" | "HEAD" | "PUT" | "POST" | "DELETE" | "PATCH";
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** An answer longer than this is refused. */
  readonly maxAnswerBytes: number;
  /** Longest silence on the connection, in milliseconds. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /** Takes the body of a 2xx answer piece by piece; `body` of the answer is then empty. A throw ends the call. */
  readonly onData?: (piece: Buffer) => void;
  /** Is filled with the body of a 2xx answer, whose `body` is then a view of it; a longer body is refused. */
  readonly into?: Uint8Array;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** The seam of the wire: one call, one answer, no retries. Raises `stackhub.net.*` and `stackhub.tls.*`. */
export interface HttpTransport extends AsyncDisposable {
  send(request: HttpRequest): Promise<HttpAnswer>;
}

export function headerText(answer: HttpAnswer, name: string): string | undefined {
  const value = answer.headers[name];
  return Array.isArray(value) ? value[0] : value;
}
