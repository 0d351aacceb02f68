import { HoldfastError, Secret } from "@holdfast/kernel";
import { SeededRandom, SkippingClock } from "@holdfast/kernel/testing";
import { expect, test } from "vitest";
import { createHttpCaller } from "../http/http-caller.ts";
import { createNodeTransport } from "../http/node-transport.ts";
import { createStampTime } from "../http/stamp-time.ts";
import { type ScriptedAnswer, type Script, startScriptedServer } from "../testing/scripted-server.ts";
import { createArmClient } from "./arm-client.ts";
import { runOperation } from "./long-running.ts";

async function start(script: Script) {
  const server = await startScriptedServer(script);
  const transport = createNodeTransport();
  const clock = new SkippingClock();
  const time = createStampTime(clock);
  const caller = createHttpCaller({ transport, clock, random: new SeededRandom(1), time });
  let tokensMade = 1;
  const tokens = {
    token: () => Promise.resolve(new Secret(`token-${tokensMade}`)),
    forget: () => {
      tokensMade += 1;
    },
    skewMs: () => time.skewMs(),
  };
  const arm = createArmClient({
    stampName: "east",
    endpoint: new URL(server.url),
    caller,
    tokens,
    offeredVersions: () => ({}),
  });
  return {
    server,
    clock,
    arm,
    [Symbol.asyncDispose]: async () => {
      await transport[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

function refusal(status: number, code: string, message = ""): ScriptedAnswer {
  return { status, body: { error: { code, message } } };
}

const disk = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/disks/d1";

async function failureOf(answer: ScriptedAnswer, method: "GET" | "PUT" | "POST" | "DELETE" = "PUT") {
  await using bench = await start(() => answer);
  const failure = await bench.arm
    .send({ method, path: disk, apiVersion: "2019-07-01", body: {} })
    .catch((e: unknown) => e);
  expect(failure).toBeInstanceOf(HoldfastError);
  return failure as HoldfastError;
}

test.each([
  ["a missing object", 404, "ResourceNotFound", "", "stackhub.arm.not-found"],
  ["a state that does not allow it", 409, "OperationNotAllowed", "disk is attached", "stackhub.arm.conflict"],
  ["a failed condition", 412, "PreconditionFailed", "", "stackhub.arm.conflict"],
  ["a lock", 409, "ScopeLocked", "", "stackhub.arm.locked"],
  ["a provider that is not registered", 409, "MissingSubscriptionRegistration", "", "stackhub.arm.unregistered"],
  ["a quota", 409, "OperationNotAllowed", "Operation results in exceeding quota limits of Core", "stackhub.arm.quota"],
  ["a quota by its own code", 400, "QuotaExceeded", "", "stackhub.arm.quota"],
  ["a stamp without room", 409, "AllocationFailed", "", "stackhub.arm.capacity"],
  ["a version that is not offered", 400, "NoRegisteredProviderFound", "", "stackhub.arm.unsupported"],
  ["a bad request", 400, "InvalidParameter", "", "stackhub.arm.refused"],
  ["a server fault that does not pass", 500, "InternalError", "", "stackhub.arm.server-fault"],
  ["throttling that does not end", 429, "TooManyRequests", "", "stackhub.arm.throttled"],
  ["no right", 403, "AuthorizationFailed", "", "stackhub.arm.forbidden"],
  ["a token for another audience", 401, "InvalidAuthenticationTokenAudience", "", "stackhub.identity.wrong-audience"],
  ["a token of another tenant", 401, "InvalidAuthenticationTokenTenant", "", "stackhub.identity.wrong-tenant"],
  ["a fresh token that is refused", 401, "AuthenticationFailed", "", "stackhub.identity.refused"],
])("%s raises its code", async (...[, status, armCode, message, code]) => {
  expect(await failureOf(refusal(status, armCode, message))).toMatchObject({ code });
});

test("a refused right names the action as ARM names it", async () => {
  const message =
    "The client 'x' does not have authorization to perform action 'Microsoft.Compute/snapshots/write' over scope";
  expect((await failureOf(refusal(403, "AuthorizationFailed", message))).details["action"]).toBe(
    "Microsoft.Compute/snapshots/write",
  );
});

test.each([
  ["GET", "Microsoft.Compute/disks/read"],
  ["PUT", "Microsoft.Compute/disks/write"],
  ["DELETE", "Microsoft.Compute/disks/delete"],
] as const)("a refused %s without a reason names the action by ARM's rule", async (method, action) => {
  const failure = await failureOf(refusal(403, "AuthorizationFailed"), method);
  expect(failure.message).toContain(action);
});

test("a token refused for its time with clocks apart is clock skew", async () => {
  const answer = refusal(401, "ExpiredAuthenticationToken", "The access token expired");
  const headers = { Date: new Date(Date.UTC(2026, 0, 1, 2)).toUTCString() };
  expect(await failureOf({ ...answer, headers })).toMatchObject({ code: "stackhub.identity.clock-skew" });
});

test("a token that was revoked is replaced once, and the call succeeds", async () => {
  await using bench = await start(({ headers }) =>
    headers.authorization === "Bearer token-1" ? refusal(401, "ExpiredAuthenticationToken") : { body: { ok: 1 } },
  );
  const answer = await bench.arm.send({ method: "GET", path: disk, apiVersion: "2019-07-01" });
  expect(answer.body).toEqual({ ok: 1 });
});

test("a page of HTML is not a stamp", async () => {
  expect(await failureOf({ status: 200, body: "<html>portal</html>" })).toMatchObject({
    code: "stackhub.arm.not-a-stamp",
  });
});

test("a message of the stamp with a SAS in it loses the query", async () => {
  const failure = await failureOf(refusal(400, "Bad", "cannot read https://a.blob.x/c?sig=TOPSECRET now"));
  expect(failure.message).toContain("https://a.blob.x/c?[redacted] now");
  expect(JSON.stringify(failure) + failure.message).not.toContain("TOPSECRET");
});

test("a list follows every link", async () => {
  await using bench = await start(({ query }) => {
    const page = Number(query.get("$skiptoken") ?? "0");
    const nextLink = `${bench.server.url}/things?api-version=1&$skiptoken=${page + 1}`;
    return { body: { value: [page], ...(page < 2 ? { nextLink } : {}) } };
  });
  expect(await bench.arm.list("/things", "1")).toEqual([0, 1, 2]);
});

test.each([
  ["a page that fails", refusal(400, "Bad"), "stackhub.arm.refused"],
  ["a page without a list", { body: { other: 1 } }, "stackhub.arm.broken-list"],
] as const)("a list with %s raises and gives no part", async (_, second, code) => {
  await using bench = await start(({ query }) =>
    query.has("$skiptoken") ? second : { body: { value: [1], nextLink: `${bench.server.url}/things?$skiptoken=1` } },
  );
  await expect(bench.arm.list("/things", "1")).rejects.toMatchObject({ code });
});

test("a link that comes back raises instead of listing for ever", async () => {
  await using bench = await start(() => ({
    body: { value: [1], nextLink: `${bench.server.url}/things?$skiptoken=1` },
  }));
  await expect(bench.arm.list("/things", "1")).rejects.toMatchObject({ code: "stackhub.arm.broken-list" });
});

test("a link to another host raises, and the token does not go there", async () => {
  await using other = await startScriptedServer(() => ({ body: { value: [] } }));
  await using bench = await start(() => ({ body: { value: [1], nextLink: `${other.url}/things` } }));
  await expect(bench.arm.list("/things", "1")).rejects.toMatchObject({ code: "stackhub.arm.strange-address" });
  expect(other.requests).toHaveLength(0);
});

const put = { method: "PUT", path: disk, apiVersion: "2019-07-01", body: {} } as const;
const post = { method: "POST", path: `${disk}/beginGetAccess`, apiVersion: "2019-07-01", body: {} } as const;

/** Serves an operation that ends at its third poll, and what lies behind it. */
function operationScript(parts: {
  readonly headers: (url: string) => Record<string, string>;
  readonly end?: unknown;
  readonly location?: ScriptedAnswer;
}): { script: Script; url: { value: string } } {
  const url = { value: "" };
  let polls = 0;
  const script: Script = ({ method, path }) => {
    if (path === "/operation") {
      polls += 1;
      return {
        body: polls < 3 ? { status: "InProgress" } : (parts.end ?? { status: "Succeeded" }),
        headers: { "Retry-After": "1" },
      };
    }
    if (path === "/location") {
      polls += 1;
      return polls < 3 ? { status: 202, headers: { "Retry-After": "1" } } : parts.location;
    }
    if (method === "GET") return { body: { name: "d1", properties: { provisioningState: "Succeeded" } } };
    return { status: 202, headers: { ...parts.headers(url.value), "Retry-After": "1" } };
  };
  return { script, url };
}

const byOperation = (url: string) => ({ "Azure-AsyncOperation": `${url}/operation?api-version=1` });
const byLocation = (url: string) => ({ Location: `${url}/location?api-version=1` });

test.each([
  ["Azure-AsyncOperation", byOperation],
  ["Location", byLocation],
])("a PUT followed by %s ends with the resource", async (_, headers) => {
  const { script, url } = operationScript({ headers, location: { status: 200, body: {} } });
  await using bench = await start(script);
  url.value = bench.server.url;
  const polls: number[] = [];
  const body = await runOperation(bench.arm, bench.clock, put, { onPoll: (elapsedMs) => polls.push(elapsedMs) });
  expect(body).toEqual({ name: "d1", properties: { provisioningState: "Succeeded" } });
  expect(polls).toEqual([1000, 2000, 3000]);
});

test.each([
  [
    "properties.output",
    { headers: byOperation, end: { status: "Succeeded", properties: { output: { accessSAS: "x" } } } },
  ],
  [
    "the Location beside the operation",
    {
      headers: (url: string) => ({ ...byOperation(url), ...byLocation(url) }),
      location: { body: { accessSAS: "x" } },
    },
  ],
  ["the Location alone", { headers: byLocation, location: { body: { accessSAS: "x" } } }],
])("a POST ends with the body of %s", async (_, parts) => {
  const { script, url } = operationScript(parts);
  await using bench = await start(script);
  url.value = bench.server.url;
  expect(await runOperation(bench.arm, bench.clock, post)).toEqual({ accessSAS: "x" });
});

test.each([
  ["QuotaExceeded", "stackhub.arm.quota", false],
  ["Conflict", "stackhub.arm.conflict", false],
  ["InternalExecutionError", "stackhub.arm.operation-failed", true],
  ["InternalServerError", "stackhub.arm.operation-failed", true],
  ["DiskImportFailed", "stackhub.arm.operation-failed", false],
] as const)("an operation that fails with %s raises %s, with the stamp's words", async (armCode, code, isRetryable) => {
  const end = { status: "Failed", error: { code: armCode, message: "why" } };
  const { script, url } = operationScript({ headers: byOperation, end });
  await using bench = await start(script);
  url.value = bench.server.url;
  await expect(runOperation(bench.arm, bench.clock, put)).rejects.toMatchObject({
    code,
    isRetryable,
    message: expect.stringContaining("why"),
    details: expect.objectContaining({ armCode }),
  });
});

test("a PUT without operation is polled by its provisioning state", async () => {
  let reads = 0;
  await using bench = await start(({ method }) => {
    if (method === "GET") reads += 1;
    return {
      status: method === "PUT" ? 201 : 200,
      body: { properties: { provisioningState: reads < 2 ? "Updating" : "Succeeded" } },
    };
  });
  await runOperation(bench.arm, bench.clock, put);
  expect(reads).toBe(2);
});

test("a resource whose provisioning failed raises", async () => {
  await using bench = await start(() => ({ status: 201, body: { properties: { provisioningState: "Failed" } } }));
  await expect(runOperation(bench.arm, bench.clock, put)).rejects.toMatchObject({
    code: "stackhub.arm.operation-failed",
  });
});

test("an operation that never ends raises after six hours", async () => {
  await using bench = await start(({ path }) =>
    path === "/operation"
      ? { body: { status: "InProgress" }, headers: { "Retry-After": "60" } }
      : { status: 202, headers: byOperation(bench.server.url) },
  );
  await expect(runOperation(bench.arm, bench.clock, put)).rejects.toMatchObject({
    code: "stackhub.arm.operation-timed-out",
  });
});
