import { createHash } from "node:crypto";
import { Worker } from "node:worker_threads";
import { createSharedBuffers, KiB } from "@holdfast/kernel";
import { describe, expect, test } from "vitest";
import type { Codec } from "./codec.ts";
import { createFfiTransforms } from "./ffi-transforms.ts";
import { createInlineCodec } from "./inline-codec.ts";
import { createPooledCodec } from "./pooled-codec.ts";

const keys = { master: new Uint8Array(32).fill(1), idKey: new Uint8Array(32).fill(2) };
const packId = "0123456789abcdef0123456789abcdef";
const makers: readonly [string, () => Codec][] = [
  ["inline", () => createInlineCodec(keys)],
  ["inline, by FFI,", () => createInlineCodec(keys, createFfiTransforms())],
  ["pooled", () => createPooledCodec(keys, { size: 2 })],
  ["pooled, without FFI,", () => createPooledCodec(keys, { size: 2, mayUseFfi: false })],
];

/** A chunk that compresses, one of zeros, one that does not compress, and a short one. */
function batch(): Uint8Array {
  const bytes = new Uint8Array(768 * KiB + 1000);
  bytes.fill(7, 0, 1000);
  let state = 1;
  for (let at = 512 * KiB; at < 768 * KiB; at += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[at] = state >>> 24;
  }
  bytes.fill(9, 768 * KiB);
  return bytes;
}

async function sealBatch(codec: Codec) {
  const bytes = batch();
  const ids = await codec.identify({ kind: "data", bytes });
  const pieces = ids.flatMap((id, i) =>
    id === null ? [] : [{ id, start: i * 256 * KiB, end: Math.min((i + 1) * 256 * KiB, bytes.length) }],
  );
  const [pack] = createSharedBuffers(1, 1024 * KiB);
  const order = { kind: "data", bytes, pieces, packId, pack: pack!, offset: 24, firstOrdinal: 3 } as const;
  const entries = await codec.seal(order);
  const last = entries.at(-1)!;
  return { ids, entries, bytes: pack!.slice(24, last.offset + last.storedBytes) };
}

describe.each(makers)("the %s codec", (_name, make) => {
  test("names and seals to the vectors of the format", async () => {
    await using codec = make();
    const { ids, entries, bytes } = await sealBatch(codec);
    const digest = createHash("sha256").update(bytes).digest("hex");
    const shapes = entries.map(({ ordinal, plainBytes, isCompressed }) => ({ ordinal, plainBytes, isCompressed }));
    expect(ids).toEqual([
      "fbc0e789e674b10c35cc63e8eae2da924edfda66c17b7dee9b72d904783037a9",
      null,
      "0f5b766f1bb5b1ebc1aae0cc88b7bba44aef755ad12e81e03456d059e407f7b5",
      "ff12ed46e4f3c6e4f2ed337fb7e0de558a0704bae208380650cf0b8f44c144b8",
    ]);
    expect(shapes).toEqual([
      { ordinal: 3, plainBytes: 256 * KiB, isCompressed: true },
      { ordinal: 4, plainBytes: 256 * KiB, isCompressed: false },
      { ordinal: 5, plainBytes: 1000, isCompressed: true },
    ]);
    // Another release of zstd may compress to other bytes; then this digest changes and old packs still open.
    expect(digest).toBe("e454aa8542926113b44c37621303c951c12453abb2258bfc285019f6a3fc9eca");
  });

  test("opens what it sealed", async () => {
    await using codec = make();
    const { entries, bytes } = await sealBatch(codec);
    const [target] = createSharedBuffers(1, 1024 * KiB);
    const failures = await codec.open({ packId, sealed: bytes, entries, target: target! });
    const whole = batch();
    const stored = Buffer.concat([whole.subarray(0, 256 * KiB), whole.subarray(512 * KiB)]);
    expect(Buffer.from(target!.subarray(0, stored.length)).equals(stored)).toBe(true);
    expect(failures).toEqual([null, null, null]);
  });

  test("says which chunk of several does not open, and opens the others", async () => {
    await using codec = make();
    const { entries, bytes } = await sealBatch(codec);
    bytes[entries[1]!.offset - 24 + 5]! ^= 1;
    const failures = await codec.open({ packId, sealed: bytes, entries, target: null });
    expect(failures.map((failure) => failure === null)).toEqual([true, false, true]);
  });
});

test("threads write the same bytes as the caller would", async () => {
  await using inline = createInlineCodec(keys);
  await using pooled = createPooledCodec(keys, { size: 2 });
  expect(await sealBatch(pooled)).toEqual(await sealBatch(inline));
});

function idleWorker(): Worker {
  return new Worker("process.getBuiltinModule('worker_threads').parentPort.on('message', () => {})", { eval: true });
}

test("a thread that dies fails its order by name, and the pool goes on with another", async () => {
  const started: Worker[] = [];
  const startWorker = (): Worker => {
    const worker =
      started.length === 0
        ? new Worker("process.getBuiltinModule('worker_threads').parentPort.on('message', () => process.exit(3))", {
            eval: true,
          })
        : new Worker(new URL("./codec-worker.ts", import.meta.url), {
            workerData: { keys, mayUseFfi: false },
            execArgv: [],
          });
    started.push(worker);
    return worker;
  };
  await using codec = createPooledCodec(keys, { size: 1, startWorker });
  const dying = codec.identify({ kind: "data", bytes: new Uint8Array(10) });
  await expect(dying).rejects.toMatchObject({ code: "repository.codec.failed" });
  expect(await codec.identify({ kind: "data", bytes: new Uint8Array(10) })).toEqual([null]);
  expect(started.length).toBe(2);
});

test("disposing fails what is under way and what waits, and ends the threads", async () => {
  const threads: Worker[] = [];
  const startWorker = (): Worker => {
    threads.push(idleWorker());
    return threads.at(-1)!;
  };
  const codec = createPooledCodec(keys, { size: 1, startWorker });
  const orders = [1, 2].map(() => codec.identify({ kind: "data", bytes: new Uint8Array(10) }));
  const ends = Promise.allSettled(orders);
  await codec[Symbol.asyncDispose]();
  expect((await ends).map((end) => end.status)).toEqual(["rejected", "rejected"]);
  expect(threads.map((thread) => thread.threadId)).toEqual([-1]);
  const late = codec.identify({ kind: "data", bytes: new Uint8Array(10) });
  await expect(late).rejects.toMatchObject({ code: "repository.codec.failed" });
});
