/** The thread behind a pooled codec: takes one order at a time and answers it. */
import { parentPort, workerData } from "node:worker_threads";
import { invariant } from "@holdfast/kernel";
import { chooseTransforms } from "./choose-transforms.ts";
import { createCodecWork } from "./codec-work.ts";
import type { CodecCall, CodecReply, CodecThreadData } from "./pooled-codec.ts";

invariant(parentPort !== null, "a codec worker runs in a thread");
const port = parentPort;
const { keys, mayUseFfi } = workerData as CodecThreadData;
const transforms = await chooseTransforms({ mayUseFfi });
const work = createCodecWork(keys, transforms);

port.on("message", (call: CodecCall) => {
  let reply: CodecReply;
  try {
    reply = { result: answer(call) };
  } catch (error) {
    reply = { error: error instanceof Error ? error.message : "unknown" };
  }
  port.postMessage(reply);
});

function answer(call: CodecCall): Extract<CodecReply, { result: unknown }>["result"] {
  switch (call.kind) {
    case "identify":
      return work.identify(call.order);
    case "seal":
      return work.seal(call.order);
    case "open":
      return work.open(call.order);
  }
}
