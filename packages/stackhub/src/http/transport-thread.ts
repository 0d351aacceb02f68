/** The thread behind a threaded transport: makes calls whose bytes are in shared memory. */
import { parentPort, workerData } from "node:worker_threads";
import { HoldfastError, invariant } from "@holdfast/kernel";
import type { HoldfastErrorInit } from "@holdfast/kernel";
import { createNodeTransport } from "./node-transport.ts";
import type { NodeTransportOptions } from "./node-transport.ts";
import type { ThreadCall, ThreadReply } from "./threaded-transport.ts";

invariant(parentPort !== null, "this module runs in a thread");
const port = parentPort;
const transport = createNodeTransport(workerData as NodeTransportOptions);
const underWay = new Map<number, AbortController>();

port.on("message", (call: ThreadCall) => {
  if (call.kind === "abort") underWay.get(call.id)?.abort(new Error("aborted"));
  else void answer(call);
});

/** What a message can carry of an error: its cause stays behind. */
function initOf({ code, message, advice, kind, isRetryable, details }: HoldfastError): HoldfastErrorInit {
  return { code, message, advice, kind, isRetryable, details };
}

async function answer({ id, request }: Extract<ThreadCall, { kind: "send" }>): Promise<void> {
  const abort = new AbortController();
  underWay.set(id, abort);
  let reply: ThreadReply;
  try {
    const { status, headers, body } = await transport.send({
      ...request,
      url: new URL(request.url),
      signal: abort.signal,
    });
    // What filled the caller's memory is there already.
    const isFilled = request.into !== undefined && body.buffer === request.into.buffer;
    reply = { id, answer: { status, headers, ...(isFilled ? { filledBytes: body.length } : { body }) } };
  } catch (error) {
    reply = { id, error: error instanceof HoldfastError ? initOf(error) : { text: String(error) } };
  }
  underWay.delete(id);
  port.postMessage(reply);
}
