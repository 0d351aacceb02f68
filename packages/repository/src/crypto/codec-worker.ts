/** The thread behind a pooled codec: takes one order at a time and answers it. */
import { parentPort, workerData } from "node:worker_threads";
import { invariant } from "@holdfast/kernel";
import type { CodecKeys } from "./codec.ts";
import { createCodecWork } from "./codec-work.ts";
import { buffersOf } from "./hand-over.ts";
import type { CodecCall, CodecReply } from "./pooled-codec.ts";

invariant(parentPort !== null, "a codec worker runs in a thread");
const port = parentPort;
const work = createCodecWork(workerData as CodecKeys);

port.on("message", (call: CodecCall) => {
  let reply: CodecReply;
  try {
    const result = answer(call);
    port.postMessage({ result } satisfies CodecReply, buffersOf(result));
    return;
  } catch (error) {
    reply = { error: error instanceof Error ? error.message : "unknown" };
  }
  port.postMessage(reply);
});

function answer(call: CodecCall) {
  switch (call.kind) {
    case "identify":
      return work.identify(call.order);
    case "seal":
      return work.seal(call.order);
    case "open":
      return work.open(call.order);
  }
}
