import { argv } from "node:process";
import { createFileBlobStore } from "../blob-store/file-blob-store.ts";
import { copyPoints } from "../copy/copy-points.ts";
import { createPooledCodec } from "../crypto/pooled-codec.ts";
import { dieAt } from "./die-at.ts";
import { openKeyed, otherKeys, strongRandom } from "./keyed-repository.ts";

// Copies every point of one folder to another, and kills itself before or after a call to the target:
//   node crash-copier.ts SOURCE TARGET CALL before|after
const [, , from = "", to = "", call = "", timing] = argv;
const clock = { now: () => 0, monotonicMs: () => 0, sleep: async () => {} };
await using source = await openKeyed(createFileBlobStore(from, strongRandom));
const store = dieAt(createFileBlobStore(to, strongRandom), Number(call), timing === "before");
await using target = await openKeyed(store, createPooledCodec(otherKeys, { size: 1 }), otherKeys);
for await (const copied of copyPoints(source, target, await source.listPoints(), { clock }))
  if (copied.kind === "failed") throw copied.error;
