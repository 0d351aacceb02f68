import { GiB, hasErrorCode } from "@holdfast/kernel";
import { SeededRandom, SkippingClock } from "@holdfast/kernel/testing";
import { expect, test } from "vitest";
import { createHttpCaller } from "../http/http-caller.ts";
import { createNodeTransport } from "../http/node-transport.ts";
import { createStampTime } from "../http/stamp-time.ts";
import { type ScriptedAnswer, type SeenRequest, startScriptedServer } from "../testing/scripted-server.ts";
import { createAccessLease } from "./access-lease.ts";
import { createBlobClient } from "./blob-client.ts";
import { createPageSource } from "./page-source.ts";

const contentBytes = 4096 + 512;

/** A server with one blob of counted bytes; `answer` may replace what a request gets. */
async function start(answer: (request: SeenRequest) => ScriptedAnswer | undefined, length = contentBytes) {
  const server = await startScriptedServer((request) => answer(request) ?? rightAnswer(request, length));
  const transport = createNodeTransport();
  const clock = new SkippingClock();
  const caller = createHttpCaller({ transport, clock, random: new SeededRandom(1), time: createStampTime(clock) });
  const deps = { blobs: createBlobClient({ caller, clock }), clock };
  let grants = 1;
  const open = (name: string, blobSnapshotTime: string | null = null, renewAtMs = Number.POSITIVE_INFINITY) => {
    const grant = (at: number) => ({
      access: { url: new URL(`/${name}?sig=secret-${grants}`, server.url), account: null },
      renewAtMs: at,
    });
    const lease = createAccessLease(
      grant(renewAtMs),
      () => {
        grants += 1;
        return Promise.resolve(grant(Number.POSITIVE_INFINITY));
      },
      () => clock.monotonicMs(),
    );
    return createPageSource(deps, { lease, contentBytes: length, blobSnapshotTime });
  };
  return {
    server,
    clock,
    open,
    [Symbol.asyncDispose]: async () => {
      await transport[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

function rangeOf(request: SeenRequest): { start: number; end: number } {
  const [, start, last] = /^bytes=(\d+)-(\d+)$/.exec(String(request.headers["range"]))!;
  return { start: Number(start), end: Number(last) + 1 };
}

function rightAnswer(request: SeenRequest, length: number): ScriptedAnswer {
  const { start, end } = rangeOf(request);
  const body = Uint8Array.from({ length: end - start }, (_, index) => (start + index) % 251);
  return { status: 206, headers: { "Content-Range": `bytes ${start}-${end - 1}/${length}` }, body };
}

function pageList(ranges: string, headers: Record<string, string> = {}): ScriptedAnswer {
  return { body: `<?xml version="1.0"?><PageList>${ranges}</PageList>`, headers };
}

const written = (start: number, end: number) => `<PageRange><Start>${start}</Start><End>${end - 1}</End></PageRange>`;
const cleared = (start: number, end: number) => `<ClearRange><Start>${start}</Start><End>${end - 1}</End></ClearRange>`;

test("a read gives exactly the bytes of its range, at the platform's version", async () => {
  await using bench = await start(() => undefined);
  const bytes = await bench.open("s1").read({ start: 512, end: 1024 });
  expect([...bytes.subarray(0, 3)]).toEqual([10, 11, 12]);
  expect(bytes.byteLength).toBe(512);
  expect(bench.server.requests[0]!.headers["x-ms-version"]).toBe("2019-07-07");
});

test.each([
  ["with another Content-Range", { headers: { "Content-Range": "bytes 0-511/4608" } }],
  ["of another length of blob", { headers: { "Content-Range": "bytes 512-1023/9216" } }],
  ["that ignores the range", { status: 200 }],
  ["with fewer bytes", { body: new Uint8Array(100) }],
  ["cut in the middle", { cutAfterBytes: 100 }],
] as const)("an answer %s is fetched again and never handed out", async (_, wrong) => {
  let isFirst = true;
  await using bench = await start((request) => {
    if (!isFirst) return undefined;
    isFirst = false;
    return { ...rightAnswer(request, contentBytes), ...wrong };
  });
  const bytes = await bench.open("s1").read({ start: 512, end: 1024 });
  expect(bytes[0]).toBe(512 % 251);
  expect(bench.server.requests).toHaveLength(2);
});

test("an answer that stays wrong raises", async () => {
  await using bench = await start(() => ({ status: 200, body: new Uint8Array(512) }));
  await expect(bench.open("s1").read({ start: 0, end: 512 })).rejects.toMatchObject({
    code: "stackhub.blob.short-answer",
  });
});

test("refused access is renewed once for all who read, and the reads succeed", async () => {
  await using bench = await start(({ query }) =>
    query.get("sig") === "secret-1"
      ? { status: 403, headers: { "x-ms-error-code": "AuthenticationFailed" } }
      : undefined,
  );
  const source = bench.open("s1");
  const reads = await Promise.all([0, 512, 1024].map((at) => source.read({ start: at, end: at + 512 })));
  expect(reads.map((bytes) => bytes.byteLength)).toEqual([512, 512, 512]);
  expect(new Set(bench.server.requests.map(({ query }) => query.get("sig")))).toEqual(
    new Set(["secret-1", "secret-2"]),
  );
});

test("access is renewed before it ends", async () => {
  await using bench = await start(() => undefined);
  const source = bench.open("s1", null, bench.clock.monotonicMs() + 1000);
  await source.read({ start: 0, end: 512 });
  await bench.clock.sleep(1000);
  await source.read({ start: 0, end: 512 });
  expect(bench.server.requests.map(({ query }) => query.get("sig"))).toEqual(["secret-1", "secret-2"]);
});

test("access that stays refused raises without its signature", async () => {
  await using bench = await start(() => ({ status: 403 }));
  const failure = await bench
    .open("s1")
    .read({ start: 0, end: 512 })
    .catch((e: unknown) => e);
  expect(failure).toMatchObject({ code: "stackhub.blob.sas-refused" });
  expect(JSON.stringify(failure) + String(failure)).not.toContain("secret");
});

test("allocated ranges come half-open, in order, inside the blob", async () => {
  await using bench = await start(() =>
    pageList(written(1024, 2048) + written(0, 512), { "x-ms-blob-content-length": "4608" }),
  );
  const ranges = await Array.fromAsync(bench.open("s1").listAllocated());
  expect(ranges).toEqual([
    { start: 0, end: 512 },
    { start: 1024, end: 2048 },
  ]);
});

test("changes of managed snapshots are asked by the older one's address", async () => {
  await using bench = await start(() => pageList(written(512, 1024) + cleared(1024, 1536)));
  const changed = await Array.fromAsync(bench.open("s2").listChanged(bench.open("s1")));
  expect(changed).toEqual([
    { kind: "written", range: { start: 512, end: 1024 } },
    { kind: "cleared", range: { start: 1024, end: 1536 } },
  ]);
  const [request] = bench.server.requests;
  expect(request!.headers["x-ms-previous-snapshot-url"]).toBe(`${bench.server.url}/s1?sig=secret-1`);
  expect(request!.query.get("prevsnapshot")).toBeNull();
});

test("changes of blob snapshots are asked by the older one's time", async () => {
  await using bench = await start(() => pageList(""));
  await Array.fromAsync(bench.open("d", "T2").listChanged(bench.open("d", "T1")));
  const [request] = bench.server.requests;
  expect(request!.query.get("prevsnapshot")).toBe("T1");
  expect(request!.headers["x-ms-previous-snapshot-url"]).toBeUndefined();
});

test.each([
  [409, "PreviousSnapshotCannotBeNewer"],
  [409, "PreviousSnapshotOperationNotSupported"],
  [409, "FeatureVersionMismatch"],
  [400, "InvalidQueryParameterValue"],
  [501, "NotImplemented"],
])("a stamp that answers changes with %i %s cannot tell them", async (status, code) => {
  await using bench = await start(() => ({ status, headers: { "x-ms-error-code": code } }));
  const failure = await Array.fromAsync(bench.open("s2").listChanged(bench.open("s1"))).catch((e: unknown) => e);
  expect(hasErrorCode(failure, "stackhub.blob.changes-refused")).toBe(true);
});

test.each([
  [404, "BlobNotFound", "stackhub.blob.not-found"],
  [409, "LeaseIdMissing", "stackhub.blob.conflict"],
  [500, "InternalError", "stackhub.blob.server-fault"],
  [416, "InvalidRange", "stackhub.blob.refused"],
])("a read answered with %i %s raises %s", async (status, blobCode, code) => {
  await using bench = await start(() => ({ status, headers: { "x-ms-error-code": blobCode } }));
  await expect(bench.open("s1").read({ start: 0, end: 512 })).rejects.toMatchObject({ code });
});

test("a list that is cut or malformed is asked again", async () => {
  const bad = ["<PageList><PageRange><Start>0</Start>", "<html>"];
  await using bench = await start(() => {
    const body = bad.shift();
    return body === undefined ? pageList(written(0, 512)) : { body };
  });
  expect(await Array.fromAsync(bench.open("s1").listAllocated())).toEqual([{ start: 0, end: 512 }]);
});

test("a list for another length of blob raises", async () => {
  await using bench = await start(() => pageList("", { "x-ms-blob-content-length": "9216" }));
  await expect(Array.fromAsync(bench.open("s1").listAllocated())).rejects.toMatchObject({
    code: "stackhub.blob.length-changed",
  });
});

test("a window with too many ranges is halved until its answer fits", async () => {
  const length = 16 * GiB;
  const stepBytes = 64 * 1024;
  await using bench = await start((request) => {
    const { start, end } = rangeOf(request);
    let list = "";
    for (let at = start; at < end; at += stepBytes) list += written(at, at + 512);
    return pageList(list);
  }, length);
  let count = 0;
  let last = -1;
  for await (const range of bench.open("s1").listAllocated()) {
    expect(range.start).toBeGreaterThan(last);
    last = range.start;
    count += 1;
  }
  expect(count).toBe(length / stepBytes);
  expect(bench.server.requests.length).toBeLessThan(12);
}, 30_000);

test("a service that ignores the window gives no range twice", async () => {
  const length = 40 * GiB;
  await using bench = await start(() => pageList(written(0, 512) + written(30 * GiB, 30 * GiB + 512)), length);
  const ranges = await Array.fromAsync(bench.open("s1").listAllocated());
  expect(ranges.map(({ start }) => start)).toEqual([0, 30 * GiB]);
});

test("an aborted signal ends a read before it has any effect", async () => {
  await using bench = await start(() => undefined);
  const reason = new Error("stop");
  await expect(bench.open("s1").read({ start: 0, end: 512 }, { signal: AbortSignal.abort(reason) })).rejects.toBe(
    reason,
  );
  expect(bench.server.requests).toHaveLength(0);
});
