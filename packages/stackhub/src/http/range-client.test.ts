import { createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { createSecureContext } from "node:tls";
import fc from "fast-check";
import { expect, test } from "vitest";
import { createHeadReader, NotSimpleAnswer, parseHead } from "./answer-head.ts";
import { createLookup } from "./host-overrides.ts";
import { createRangeClient } from "./range-client.ts";

/** A server that answers the n-th request of a connection by a function of the socket. */
async function start(answer: (socket: Socket, request: string) => void) {
  const asked: string[] = [];
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.on("error", () => {});
    socket.on("data", (data) => {
      asked.push(data.toString("latin1"));
      answer(socket, asked.at(-1)!);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  const client = createRangeClient({ lookup: createLookup({}), secureContext: createSecureContext() });
  const into = new Uint8Array(16);
  return {
    asked,
    into,
    connections: () => connections,
    get: async (part: { readonly timeoutMs?: number; readonly signal?: AbortSignal } = {}) =>
      await client.get({
        method: "GET",
        url: new URL(`http://127.0.0.1:${port}/disk?sig=topsecret`),
        headers: { Range: "bytes=0-15" },
        maxAnswerBytes: 100,
        timeoutMs: 5000,
        into,
        ...part,
      }),
    async [Symbol.asyncDispose]() {
      client[Symbol.dispose]();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

const good = "HTTP/1.1 206 Partial Content\r\nContent-Length: 16\r\nX-Seen: a\r\nx-seen: b\r\n\r\n0123456789abcdef";

test("a connection serves one request after the other, however the answer is cut", async () => {
  await using bench = await start((socket) => {
    socket.setNoDelay(true);
    for (const letter of good) socket.write(letter);
  });
  for (let i = 0; i < 3; i += 1) {
    bench.into.fill(0);
    const answer = await bench.get();
    expect(answer).toMatchObject({ status: 206, headers: { "x-seen": "a, b" } });
    expect(answer.body.buffer).toBe(bench.into.buffer);
    expect(Buffer.from(bench.into).toString()).toBe("0123456789abcdef");
  }
  expect(bench.connections()).toBe(1);
  expect(bench.asked[0]).toMatch(
    /^GET \/disk\?sig=topsecret HTTP\/1\.1\r\nHost: 127\.0\.0\.1:\d+\r\nRange: bytes=0-15\r\n\r\n$/,
  );
});

test("an answer that ends its connection is not followed by another request there", async () => {
  await using bench = await start((socket) => socket.end(good.replace("X-Seen: a", "Connection: close")));
  await bench.get();
  await bench.get();
  expect(bench.connections()).toBe(2);
});

test("a refusal is answered beside the memory", async () => {
  await using bench = await start((socket) => socket.write("HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno"));
  const { status, body } = await bench.get();
  expect([status, body.toString(), bench.into[0]]).toEqual([403, "no", 0]);
});

const notSimple = {
  "in chunks": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  "without a length": "HTTP/1.1 200 OK\r\n\r\n",
  "of an older version": "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx",
  "that is not final": "HTTP/1.1 100 Continue\r\n\r\n",
  "with more than its length": "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxy",
  "with a header that is none": "HTTP/1.1 200 OK\r\nno header\r\n\r\n",
  "that is no HTTP": "SSH-2.0-OpenSSH\r\n\r\n",
  "with an endless head": `HTTP/1.1 200 OK\r\nX: ${"x".repeat(80_000)}`,
};

for (const [what, answer] of Object.entries(notSimple)) {
  test(`an answer ${what} is left to a general client, and its connection is given up`, async () => {
    await using bench = await start((socket) => socket.write(answer));
    await expect(bench.get()).rejects.toBeInstanceOf(NotSimpleAnswer);
    await expect(bench.get()).rejects.toBeInstanceOf(NotSimpleAnswer);
    expect(bench.connections()).toBe(2);
  });
}

test("an answer longer than the memory, a cut and a silence are told by name, without the signature", async () => {
  const answers = [
    ["HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n", "stackhub.net.answer-too-large"],
    ["HTTP/1.1 206 OK\r\nContent-Length: 16\r\n\r\n0123", "stackhub.net.interrupted"],
    ["", "stackhub.net.timed-out"],
  ] as const;
  for (const [answer, code] of answers) {
    await using bench = await start((socket) => {
      if (answer.includes("206")) socket.end(answer);
      else socket.write(answer);
    });
    const got = bench.get({ timeoutMs: code.endsWith("timed-out") ? 50 : 5000 });
    await expect(got).rejects.toMatchObject({ code });
    await expect(got).rejects.not.toThrow("topsecret");
  }
});

test("bytes that nobody asked for end an idle connection", async () => {
  await using bench = await start((socket) => {
    socket.write(good);
    setTimeout(() => socket.write("more"), 20);
  });
  await bench.get();
  // Until the bytes are there, the connection is good for another request.
  await expect
    .poll(() =>
      bench
        .get()
        .catch(() => null)
        .then(() => bench.connections()),
    )
    .toBeGreaterThan(1);
});

test("an abort ends a call with its reason", async () => {
  const stop = new AbortController();
  await using bench = await start(() => stop.abort(new Error("enough")));
  await expect(bench.get({ signal: stop.signal })).rejects.toThrow("enough");
});

test("any bytes as a head raise the one error or make a head, however they are cut", () => {
  const noise = fc.oneof(
    fc.string(),
    fc.constantFrom("HTTP/1.1 200 OK", "Content-Length: 5", "\r\n", "\r\n\r\n", ": "),
  );
  fc.assert(
    fc.property(fc.array(noise, { maxLength: 12 }), fc.integer({ min: 1, max: 9 }), (parts, cut) => {
      const bytes = Buffer.from(parts.join(""));
      const reader = createHeadReader();
      try {
        for (let at = 0; at < bytes.length; at += cut) {
          const found = reader.push(bytes.subarray(at, at + cut));
          if (found === null) continue;
          expect(found.usedBytes).toBeGreaterThan(0);
          expect(found.usedBytes).toBeLessThanOrEqual(cut);
          expect(found.head).toEqual(parseHead(bytes.toString("latin1").split("\r\n\r\n")[0]!));
          return;
        }
      } catch (error) {
        expect(error).toBeInstanceOf(NotSimpleAnswer);
      }
    }),
  );
});
