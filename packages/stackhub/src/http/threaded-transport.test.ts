import { createSharedBuffers, KiB } from "@holdfast/kernel";
import { expect, test } from "vitest";
import { startScriptedServer } from "../testing/scripted-server.ts";
import type { Script } from "../testing/scripted-server.ts";
import type { HttpRequest } from "./http-message.ts";
import { createThreadedTransport } from "./threaded-transport.ts";

const bytes = 256 * KiB;
const text = "0123456789abcdef".repeat(bytes / 16);

async function start(script: Script) {
  const server = await startScriptedServer(script);
  const transport = createThreadedTransport();
  const request = (part: Partial<HttpRequest> = {}): HttpRequest => ({
    method: "GET",
    url: new URL("/disk?sig=topsecret", server.url),
    headers: { "x-ms-version": "2019-07-07" },
    maxAnswerBytes: bytes,
    timeoutMs: 5000,
    ...part,
  });
  return {
    server,
    transport,
    request,
    [Symbol.asyncDispose]: async () => {
      await transport[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

function shared(length = bytes): Uint8Array {
  return createSharedBuffers(1, length)[0]!.subarray(0, length);
}

test("a body fills the shared memory that was handed in, and the answer is a view of it", async () => {
  await using bench = await start(() => ({ body: text, headers: { "x-seen": "yes" } }));
  const into = shared();
  const answer = await bench.transport.send(bench.request({ into }));
  expect(answer.status).toBe(200);
  expect(answer.headers["x-seen"]).toBe("yes");
  expect(answer.body.buffer).toBe(into.buffer);
  expect(Buffer.from(into).toString("latin1")).toBe(text);
  expect(bench.server.requests[0]!.headers["x-ms-version"]).toBe("2019-07-07");
});

test("a body in shared memory arrives whole", async () => {
  await using bench = await start(() => ({ status: 201 }));
  const body = shared();
  body.set(Buffer.from(text, "latin1"));
  expect((await bench.transport.send(bench.request({ method: "PUT", body }))).status).toBe(201);
  expect(bench.server.requests[0]!.body).toBe(text);
});

test("the answer of a refused call is text beside the memory, which stays as it was", async () => {
  await using bench = await start(() => ({ status: 403, body: "no" }));
  const into = shared();
  const answer = await bench.transport.send(bench.request({ into }));
  expect([answer.status, answer.body.toString()]).toEqual([403, "no"]);
  expect(into.every((byte) => byte === 0)).toBe(true);
});

test("a body longer than the memory is refused by name, and the signature stays unsaid", async () => {
  await using bench = await start(() => ({ body: `${text}more` }));
  const sending = bench.transport.send(bench.request({ into: shared(), maxAnswerBytes: 2 * bytes }));
  await expect(sending).rejects.toMatchObject({ code: "stackhub.net.answer-too-large" });
  await expect(sending).rejects.not.toThrow("topsecret");
});

test("a connection that is cut is told as interrupted, and the next call works", async () => {
  let calls = 0;
  await using bench = await start(() => {
    calls += 1;
    return calls === 1 ? { body: text, cutAfterBytes: 1000 } : { body: text };
  });
  const first = bench.transport.send(bench.request({ into: shared() }));
  await expect(first).rejects.toMatchObject({ code: "stackhub.net.interrupted", isRetryable: true });
  expect((await bench.transport.send(bench.request({ into: shared() }))).body.length).toBe(bytes);
});

test("an abort ends the call with its reason", async () => {
  const stop = new AbortController();
  await using bench = await start(() => {
    stop.abort(new Error("enough"));
    return { isSilent: true };
  });
  const sending = bench.transport.send(bench.request({ into: shared(), signal: stop.signal }));
  await expect(sending).rejects.toThrow("enough");
});

test("disposing fails what is under way", async () => {
  await using bench = await start(() => ({ isSilent: true }));
  const sending = bench.transport.send(bench.request({ into: shared() }));
  const end = expect(sending).rejects.toMatchObject({ code: "stackhub.net.thread-ended" });
  await expect.poll(() => bench.server.requests.length).toBe(1);
  await bench.transport[Symbol.asyncDispose]();
  await end;
});
