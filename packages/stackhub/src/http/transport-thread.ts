/** The thread behind a threaded transport: makes calls whose bytes are in shared memory. */
import { parentPort, workerData } from "node:worker_threads";
import { HoldfastError, invariant } from "@holdfast/kernel";
import type { HoldfastErrorInit } from "@holdfast/kernel";
import { NotSimpleAnswer } from "./answer-head.ts";
import { createLookup } from "./host-overrides.ts";
import type { HttpAnswer, HttpRequest } from "./http-message.ts";
import { createNodeTransport, trust } from "./node-transport.ts";
import type { NodeTransportOptions } from "./node-transport.ts";
import { createRangeClient } from "./range-client.ts";
import type { ThreadCall, ThreadReply } from "./threaded-transport.ts";

invariant(parentPort !== null, "this module runs in a thread");
const port = parentPort;
const options = workerData as NodeTransportOptions;
const transport = createNodeTransport(options);
const ranges = createRangeClient({
  lookup: createLookup(options.resolve ?? {}),
  secureContext: trust(options.caPem),
});
const underWay = new Map<number, AbortController>();

port.on("message", (call: ThreadCall) => {
  if (call.kind === "abort") underWay.get(call.id)?.abort(new Error("aborted"));
  else void answer(call);
});

async function send(request: HttpRequest): Promise<HttpAnswer> {
  const { method, into } = request;
  if (method !== "GET" || into === undefined) return await transport.send(request);
  try {
    return await ranges.get({ ...request, method, into });
  } catch (error) {
    // A proxy may answer in pieces or in another version: the general client understands those.
    if (error instanceof NotSimpleAnswer) return await transport.send(request);
    throw error;
  }
}

/** What a message can carry of an error: its cause stays behind. */
function initOf({ code, message, advice, kind, isRetryable, details }: HoldfastError): HoldfastErrorInit {
  return { code, message, advice, kind, isRetryable, details };
}

async function answer({ id, request }: Extract<ThreadCall, { kind: "send" }>): Promise<void> {
  const abort = new AbortController();
  underWay.set(id, abort);
  let reply: ThreadReply;
  try {
    const { status, headers, body } = await send({ ...request, url: new URL(request.url), signal: abort.signal });
    // What filled the caller's memory is there already.
    const isFilled = request.into !== undefined && body.buffer === request.into.buffer;
    reply = { id, answer: { status, headers, ...(isFilled ? { filledBytes: body.length } : { body }) } };
  } catch (error) {
    reply = { id, error: error instanceof HoldfastError ? initOf(error) : { text: String(error) } };
  }
  underWay.delete(id);
  port.postMessage(reply);
}
