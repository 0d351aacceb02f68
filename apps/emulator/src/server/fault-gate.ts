import type { ServerResponse } from "node:http";
import type { FaultBoard } from "../faults/fault-board.ts";

/** What stands before both planes: the faults that do not depend on what is asked. */
export interface FaultGate {
  /** Lets a fault strike: it answers in the platform's place, or spoils the answer to come. */
  strike(plane: "arm" | "blob", subject: string, response: ServerResponse): Strike | undefined;
}

export interface Strike {
  readonly name: string;
  /** Nothing more is to be written. */
  readonly isAnswered: boolean;
}

const html =
  "<!DOCTYPE html><html><head><title>Sign in</title></head><body><h1>Proxy login required</h1></body></html>";

function cutAfter(response: ServerResponse, afterBytes: number): void {
  let left = afterBytes;
  const write = response.write.bind(response) as (chunk: Uint8Array) => boolean;
  const take = (chunk: unknown): void => {
    if (typeof chunk !== "string" && !(chunk instanceof Uint8Array)) return;
    const bytes = Buffer.from(chunk as Uint8Array);
    if (bytes.length <= left) {
      left -= bytes.length;
      write(bytes);
      return;
    }
    write(bytes.subarray(0, left));
    left = 0;
    // Gives the bytes that are let through a chance to leave, then breaks off as a dying connection does.
    setImmediate(() => response.socket?.destroySoon());
  };
  response.write = ((chunk: unknown) => {
    take(chunk);
    return true;
  }) as typeof response.write;
  response.end = ((chunk: unknown) => {
    take(chunk);
    setImmediate(() => response.socket?.destroySoon());
    return response;
  }) as typeof response.end;
}

export function createFaultGate(faults: FaultBoard): FaultGate {
  const applies = (plane: "arm" | "blob", wanted: string): boolean => wanted === "any" || wanted === plane;
  return {
    strike: (plane, subject, response) => {
      const throttle = faults.peek("throttle", subject);
      if (throttle !== undefined && applies(plane, throttle.plane)) {
        faults.take("throttle", subject);
        const isBlob = plane === "blob";
        const message = "The request is being throttled as the limit has been reached for operation type.";
        const body = isBlob
          ? `<?xml version="1.0" encoding="utf-8"?><Error><Code>ServerBusy</Code><Message>The server is busy.</Message></Error>`
          : JSON.stringify({ error: { code: "TooManyRequests", message } });
        response.writeHead(isBlob ? 503 : throttle.status, {
          "retry-after": String(throttle.retryAfterSeconds),
          "content-type": isBlob ? "application/xml" : "application/json; charset=utf-8",
          ...(isBlob ? { "x-ms-error-code": "ServerBusy" } : {}),
        });
        response.end(body);
        return { name: "throttle", isAnswered: true };
      }
      const page = faults.peek("answer-html", subject);
      if (page !== undefined && applies(plane, page.plane)) {
        faults.take("answer-html", subject);
        response.writeHead(200, { "content-type": "text/html; charset=utf-8" });
        response.end(html);
        return { name: "answer-html", isAnswered: true };
      }
      const cut = faults.peek("cut-response", subject);
      if (cut !== undefined && applies(plane, cut.plane)) {
        faults.take("cut-response", subject);
        cutAfter(response, cut.afterBytes);
        return { name: "cut-response", isAnswered: false };
      }
      return undefined;
    },
  };
}
