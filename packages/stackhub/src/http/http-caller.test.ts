import { HoldfastError, hasErrorCode } from "@holdfast/kernel";
import { SeededRandom, SkippingClock } from "@holdfast/kernel/testing";
import { expect, test } from "vitest";
import { type Script, startScriptedServer } from "../testing/scripted-server.ts";
import type { CallTrace } from "./call-trace.ts";
import { createHttpCaller } from "./http-caller.ts";
import type { HttpRequest } from "./http-message.ts";
import { createNodeTransport } from "./node-transport.ts";
import { createStampTime } from "./stamp-time.ts";

async function start(script: Script) {
  const server = await startScriptedServer(script);
  const transport = createNodeTransport();
  const clock = new SkippingClock();
  const traces: CallTrace[] = [];
  const time = createStampTime(clock);
  const caller = createHttpCaller({
    transport,
    clock,
    random: new SeededRandom(1),
    time,
    onCall: (trace) => traces.push(trace),
  });
  const request =
    (part: Partial<HttpRequest> = {}) =>
    () => ({
      method: "GET" as const,
      url: new URL("/x?sig=topsecret", server.url),
      headers: {},
      maxAnswerBytes: 1000,
      timeoutMs: 5000,
      ...part,
    });
  return {
    server,
    clock,
    traces,
    time,
    caller,
    request,
    [Symbol.asyncDispose]: async () => {
      await transport[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** Answers each entry once, the last for ever. */
function inTurn(...answers: Array<ReturnType<Script>>): Script {
  let index = 0;
  return () => answers[Math.min(index++, answers.length - 1)];
}

test.each([408, 500, 502, 504])("an idempotent call is made again after %i", async (status) => {
  await using bench = await start(inTurn({ status }, { status: 200, body: { ok: true } }));
  const answer = await bench.caller.call(bench.request(), { isIdempotent: true });
  expect(answer.status).toBe(200);
  expect(bench.server.requests).toHaveLength(2);
});

test("a call that is not idempotent is not made again after 500 or a cut answer", async () => {
  await using bench = await start(inTurn({ status: 500 }, { body: { a: "long enough" }, cutAfterBytes: 3 }));
  const answer = await bench.caller.call(bench.request({ method: "POST" }), { isIdempotent: false });
  expect(answer.status).toBe(500);
  const failure = await bench.caller
    .call(bench.request({ method: "POST" }), { isIdempotent: false })
    .catch((e: unknown) => e);
  expect(hasErrorCode(failure, "stackhub.net.interrupted")).toBe(true);
  expect(bench.server.requests).toHaveLength(2);
});

test.each([429, 503])("every call waits out %i by Retry-After", async (status) => {
  await using bench = await start(inTurn({ status, headers: { "Retry-After": "7" } }, { status: 201 }));
  const answer = await bench.caller.call(bench.request({ method: "POST" }), { isIdempotent: false });
  expect(answer.status).toBe(201);
  expect(bench.clock.sleptMs).toEqual([7000]);
});

test("a Retry-After of zero does not become a tight loop", async () => {
  await using bench = await start(inTurn({ status: 429, headers: { "Retry-After": "0" } }, {}));
  await bench.caller.call(bench.request(), { isIdempotent: true });
  expect(bench.clock.sleptMs).toEqual([100]);
});

test("throttling that does not end is handed out after a quarter of an hour", async () => {
  await using bench = await start(() => ({ status: 429, headers: { "Retry-After": "300" } }));
  const answer = await bench.caller.call(bench.request(), { isIdempotent: true });
  expect(answer.status).toBe(429);
  expect(bench.clock.sleptMs).toEqual([300_000, 300_000, 300_000]);
});

test("a cut answer of an idempotent call is fetched again", async () => {
  await using bench = await start(inTurn({ body: { a: "long enough" }, cutAfterBytes: 3 }, { body: { a: 1 } }));
  const answer = await bench.caller.call(bench.request(), { isIdempotent: true });
  expect(answer.body.toString()).toBe('{"a":1}');
});

test("server faults that do not end are handed out after six tries", async () => {
  await using bench = await start(() => ({ status: 502 }));
  const answer = await bench.caller.call(bench.request(), { isIdempotent: true });
  expect(answer.status).toBe(502);
  expect(bench.server.requests).toHaveLength(6);
  expect(bench.clock.sleptMs).toHaveLength(5);
});

test("an answer above its limit is refused and not fetched again", async () => {
  await using bench = await start(() => ({ body: "x".repeat(2000) }));
  const failure = await bench.caller.call(bench.request(), { isIdempotent: true }).catch((e: unknown) => e);
  expect(hasErrorCode(failure, "stackhub.net.answer-too-large")).toBe(true);
  expect(bench.server.requests).toHaveLength(1);
});

test("silence longer than the limit is a time-out, made again", async () => {
  await using bench = await start(inTurn({ isSilent: true }, { status: 200 }));
  const answer = await bench.caller.call(bench.request({ timeoutMs: 50 }), { isIdempotent: true });
  expect(answer.status).toBe(200);
  expect(bench.traces.map((trace) => trace.status)).toEqual([null, 200]);
});

test("an aborted signal before the call has no effect", async () => {
  await using bench = await start(() => ({}));
  const reason = new Error("stop");
  await expect(
    bench.caller.call(bench.request(), { isIdempotent: true, signal: AbortSignal.abort(reason) }),
  ).rejects.toBe(reason);
  expect(bench.server.requests).toHaveLength(0);
});

test("an abort during the call rejects with its reason", async () => {
  const stop = new AbortController();
  const reason = new Error("stop");
  await using bench = await start(() => {
    stop.abort(reason);
    return { isSilent: true };
  });
  await expect(bench.caller.call(bench.request(), { isIdempotent: true, signal: stop.signal })).rejects.toBe(reason);
});

test("traces carry no signature, and one id for all attempts", async () => {
  await using bench = await start(inTurn({ status: 500 }, {}));
  await bench.caller.call(bench.request(), { isIdempotent: true });
  expect(JSON.stringify(bench.traces)).not.toContain("topsecret");
  expect(bench.traces.map((trace) => trace.attempt)).toEqual([1, 2]);
  expect(new Set(bench.traces.map((trace) => trace.clientRequestId)).size).toBe(1);
});

test("a refused connection is an unreachable stamp", async () => {
  await using bench = await start(() => ({}));
  const free = await startScriptedServer(() => ({}));
  await free[Symbol.asyncDispose]();
  const failure = await bench.caller
    .call(bench.request({ url: new URL(free.url) }), { isIdempotent: true })
    .catch((e: unknown) => e);
  expect(failure).toBeInstanceOf(HoldfastError);
  expect(failure).toMatchObject({ code: "stackhub.net.unreachable", isRetryable: true });
  expect(bench.clock.sleptMs).toHaveLength(5);
});

test("the Date header tells the stamp's clock", async () => {
  await using bench = await start(() => ({ headers: { Date: new Date(Date.UTC(2026, 0, 1, 0, 10)).toUTCString() } }));
  await bench.caller.call(bench.request(), { isIdempotent: true });
  expect(bench.time.skewMs()).toBe(600_500);
});
