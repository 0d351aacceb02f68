import { randomBytes } from "node:crypto";
import { argv, stdout } from "node:process";
import type { RecoveryPoint } from "@holdfast/domain";
import { createFileBlobStore } from "../blob-store/file-blob-store.ts";
import { createPooledCodec } from "../crypto/pooled-codec.ts";
import { dieAt } from "./die-at.ts";
import { diskOf, openKeyed, pointOf, sha256, strongRandom, testKeys } from "./keyed-repository.ts";

// Captures a changing disk again and again, and says of each point that it is published, until it is killed:
//   node crash-writer.ts FOLDER RUN [CALL before|after]
// With a CALL it kills itself at that call to its store, counted from 0.
const [, , folder = "", run = "", call, timing] = argv;

const files = createFileBlobStore(folder, strongRandom);
const store = call === undefined ? files : dieAt(files, Number(call), timing === "before");
const points = await openKeyed(store, createPooledCodec(testKeys, { size: 2 }));
const disk = randomBytes(1_500_000);
let ranges = [{ start: 0, end: disk.length }];
let base;
stdout.write("ready\n");
for (let i = 0; ; i += 1) {
  const { image } = await points.captureDisk({ source: diskOf(disk), ranges, ...(base === undefined ? {} : { base }) });
  const id = `${run}-${i}`;
  // What a deletion looks at.
  const known = { stampName: "east", instance: { id: run }, disks: [{ image, bytes: { stored: disk.length } }] };
  await points.publishPoint({ ...pointOf(id, image), ...known } as unknown as RecoveryPoint);
  stdout.write(`${id} ${sha256(disk)}\n`);
  const start = randomBytes(3).readUIntBE(0, 3) % (disk.length - 5000);
  randomBytes(5000).copy(disk, start);
  ranges = [{ start, end: start + 5000 }];
  base = image;
}
