import { createWriteStream } from "node:fs";
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";

/** One exchange as it is written, a JSON object a line. Never holds credentials; binary bodies are left out. */
export interface RecordedExchange {
  readonly plane: "arm" | "blob" | "other";
  readonly method: string;
  readonly url: string;
  readonly requestHeaders: Readonly<Record<string, string>>;
  readonly requestBody?: string;
  readonly status: number;
  readonly responseHeaders: Readonly<Record<string, string>>;
  readonly responseBody?: string;
  readonly fault?: string;
}

export interface Recorder extends AsyncDisposable {
  /** Watches one exchange and writes it when the answer is out. Call before anything reads or writes. */
  watch(context: RecordContext, request: IncomingMessage, response: ServerResponse): void;
}

export interface RecordContext {
  readonly plane: RecordedExchange["plane"];
  readonly url: string;
  /** The fault that answered in the platform's place, as far as known when the answer ends. */
  fault: string | undefined;
}

/** Larger bodies are left out: specifications describe JSON and XML, not disks. */
const bodyLimitBytes = 1 << 20;
const textTypes = /json|xml|text|x-www-form-urlencoded/i;
const secretHeaders = new Set(["authorization", "cookie", "proxy-authorization"]);

class BodyTap {
  readonly #chunks: Buffer[] = [];
  #length = 0;

  add(chunk: unknown, encoding?: unknown): void {
    if (typeof chunk !== "string" && !(chunk instanceof Uint8Array)) return;
    if (this.#length > bodyLimitBytes) return;
    const encodingName = typeof encoding === "string" && Buffer.isEncoding(encoding) ? encoding : "utf8";
    const bytes = typeof chunk === "string" ? Buffer.from(chunk, encodingName) : Buffer.from(chunk);
    this.#length += bytes.length;
    if (this.#length <= bodyLimitBytes) this.#chunks.push(bytes);
  }

  text(contentType: unknown): string | undefined {
    if (this.#length === 0 || this.#length > bodyLimitBytes) return undefined;
    return typeof contentType === "string" && textTypes.test(contentType)
      ? Buffer.concat(this.#chunks).toString("utf8")
      : undefined;
  }
}

function flatHeaders(headers: Readonly<Record<string, unknown>>): Record<string, string> {
  const shown = Object.entries(headers).filter(
    ([name, value]) => value !== undefined && !secretHeaders.has(name.toLowerCase()),
  );
  return Object.fromEntries(
    shown.map(([name, value]) => [name, Array.isArray(value) ? value.join(", ") : String(value)]),
  );
}

/** Signatures are credentials too. */
function withoutSignature(text: string): string {
  return text.replaceAll(/([?&]sig=)[^&"\s<]*/g, "$1removed");
}

/** Appends to a JSONL file. */
export function createRecorder(file: string): Recorder {
  const stream = createWriteStream(file, { flags: "a" });
  let failure: Error | undefined;
  const open = new Set<Promise<unknown>>();
  stream.on("error", (error) => {
    failure = error;
  });
  return {
    watch: (context, request, response) => {
      const sent = new BodyTap();
      const received = new BodyTap();
      const push = request.push.bind(request);
      request.push = (chunk: unknown, encoding?: BufferEncoding) => {
        sent.add(chunk, encoding);
        return push(chunk, encoding);
      };
      const headersOf = tapResponse(response, received);
      const closed = once(response, "close");
      open.add(closed);
      response.once("close", () => {
        open.delete(closed);
        if (failure !== undefined) return;
        const headers = flatHeaders(request.headers);
        const requestBody = context.plane === "other" ? undefined : sent.text(request.headers["content-type"]);
        const responseBody = context.plane === "other" ? undefined : received.text(headersOf()["content-type"]);
        const exchange: RecordedExchange = {
          plane: context.plane,
          method: request.method ?? "GET",
          url: withoutSignature(context.url),
          requestHeaders: Object.fromEntries(
            Object.entries(headers).map(([name, value]) => [name, withoutSignature(value)]),
          ),
          ...(requestBody === undefined ? {} : { requestBody }),
          status: response.statusCode,
          responseHeaders: flatHeaders(headersOf()),
          ...(responseBody === undefined ? {} : { responseBody: withoutSignature(responseBody) }),
          ...(context.fault === undefined ? {} : { fault: context.fault }),
        };
        stream.write(`${JSON.stringify(exchange)}\n`);
      });
    },
    [Symbol.asyncDispose]: async () => {
      // The answer is with its client before the server has let go of it.
      await Promise.all(open);
      if (failure !== undefined) throw failure;
      stream.end();
      await once(stream, "close");
    },
  };
}

/** Taps the body, and answers the headers as sent: those given to `writeHead` are kept nowhere else. */
function tapResponse(response: ServerResponse, tap: BodyTap): () => Readonly<Record<string, unknown>> {
  const written: Record<string, unknown> = {};
  const writeHead = response.writeHead.bind(response) as (...all: unknown[]) => ServerResponse;
  const write = response.write.bind(response) as (...all: unknown[]) => boolean;
  const end = response.end.bind(response) as (...all: unknown[]) => ServerResponse;
  response.writeHead = ((...all: unknown[]) => {
    const headers = all.at(-1);
    if (typeof headers === "object" && headers !== null && !Array.isArray(headers)) {
      for (const [name, value] of Object.entries(headers)) written[name.toLowerCase()] = value;
    }
    return writeHead(...all);
  }) as typeof response.writeHead;
  response.write = ((...all: unknown[]) => {
    tap.add(all[0], all[1]);
    return write(...all);
  }) as typeof response.write;
  response.end = ((...all: unknown[]) => {
    tap.add(all[0], all[1]);
    return end(...all);
  }) as typeof response.end;
  return () => ({ ...response.getHeaders(), ...written });
}
