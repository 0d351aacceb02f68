import { randomBytes } from "node:crypto";
import { argv, stdout } from "node:process";
import type { BlobStore } from "../blob-store/blob-store.ts";
import { createFileBlobStore } from "../blob-store/file-blob-store.ts";
import { createPooledCodec } from "../crypto/pooled-codec.ts";
import { diskOf, openKeyed, pointOf, sha256, strongRandom, testKeys } from "./keyed-repository.ts";

// Captures a changing disk again and again, and says of each point that it is published, until it is killed:
//   node crash-writer.ts FOLDER RUN [CALL before|after]
// With a CALL it kills itself at that call to its store, counted from 0.
const [, , folder = "", run = "", call, timing] = argv;

function dieAt(store: BlobStore, dueCall: number): BlobStore {
  let calls = 0;
  return new Proxy(store, {
    get(target, property, receiver) {
      const value: unknown = Reflect.get(target, property, receiver);
      // A list is not awaited: the steps around it are those of its neighbours.
      if (typeof value !== "function" || property === "list") return value;
      return async (...args: unknown[]) => {
        const isDue = calls === dueCall;
        calls += 1;
        if (isDue && timing === "before") process.kill(process.pid, "SIGKILL");
        const result: unknown = await value.apply(target, args);
        if (isDue) process.kill(process.pid, "SIGKILL");
        return result;
      };
    },
  });
}

const files = createFileBlobStore(folder, strongRandom);
const store = call === undefined ? files : dieAt(files, Number(call));
const points = await openKeyed(store, createPooledCodec(testKeys, { size: 2 }));
const disk = randomBytes(1_500_000);
let ranges = [{ start: 0, end: disk.length }];
let base;
stdout.write("ready\n");
for (let i = 0; ; i += 1) {
  const { image } = await points.captureDisk({ source: diskOf(disk), ranges, ...(base === undefined ? {} : { base }) });
  const id = `${run}-${i}`;
  await points.publishPoint(pointOf(id, image));
  stdout.write(`${id} ${sha256(disk)}\n`);
  const start = randomBytes(3).readUIntBE(0, 3) % (disk.length - 5000);
  randomBytes(5000).copy(disk, start);
  ranges = [{ start, end: start + 5000 }];
  base = image;
}
