import { duplexPair } from "node:stream";
import { SkippingClock } from "@holdfast/kernel/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MemoryVolume } from "../testing/memory-volume.ts";
import { infoQuery, NbdTestClient } from "../testing/nbd-client.ts";
import { WriteGate } from "../write-gate.ts";
import { serveNbdConnection } from "./nbd-connection.ts";
import { createVolumeExport } from "./nbd-export.ts";
import { command, decodeInfoQuery, decodeRequest, encodeRequest } from "./nbd-protocol.ts";

const visibleBytes = 256 * 1024;

function serve(): { near: ReturnType<typeof duplexPair>[0]; volume: MemoryVolume; ended: Promise<void> } {
  const volume = new MemoryVolume("v", visibleBytes + 512);
  const served = createVolumeExport(volume, visibleBytes, new WriteGate(new SkippingClock()));
  const [near, far] = duplexPair();
  return { near, volume, ended: serveNbdConnection(far, new Map([["disk0", served]]), () => undefined) };
}

describe("an NBD connection", () => {
  it("survives any bytes in place of a negotiation", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 64 }), { maxLength: 8 }), async (pieces) => {
        const { near, ended } = serve();
        near.resume();
        near.write(Buffer.from([0, 0, 0, 3]));
        for (const piece of pieces) near.write(piece);
        near.end();
        await ended;
      }),
    );
  });

  it("survives any requests, and never touches what lies beyond the visible bytes", async () => {
    const wild = fc.record({
      flags: fc.integer({ min: 0, max: 0xffff }),
      type: fc.integer({ min: 0, max: 8 }),
      cookie: fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
      offsetBytes: fc.oneof(
        fc.integer({ min: 0, max: 520 }).map((page) => page * 512),
        fc.maxSafeInteger().map(Math.abs),
      ),
      lengthBytes: fc.oneof(
        fc.integer({ min: 0, max: 64 }).map((page) => page * 512),
        fc.integer({ min: 0, max: 0xffff_ffff }),
      ),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(wild, { maxLength: 12 }), async (requests) => {
        const { near, volume, ended } = serve();
        const client = new NbdTestClient(near);
        await client.greet();
        await client.go("disk0");
        for (const request of requests) {
          near.write(encodeRequest(request));
          if (request.type === command.write) near.write(Buffer.alloc(Math.min(request.lengthBytes, 65536), 0xaa));
        }
        client.leave();
        void client.drain();
        await ended;
        const hidden = Buffer.alloc(512, 1);
        await volume.read(visibleBytes, hidden);
        expect(hidden).toEqual(Buffer.alloc(512));
      }),
    );
  });

  it("keeps what a model of the disk keeps, over any writes, trims and zeroes", async () => {
    const step = fc.record({
      type: fc.constantFrom(command.write, command.trim, command.writeZeroes),
      page: fc.integer({ min: 0, max: 500 }),
      pages: fc.integer({ min: 1, max: 12 }),
      fill: fc.integer({ min: 1, max: 255 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
        const { near, ended } = serve();
        const client = new NbdTestClient(near);
        await client.greet();
        await client.go("disk0");
        const model = Buffer.alloc(visibleBytes);
        for (const { type, page, pages, fill } of steps) {
          const payload = Buffer.alloc(pages * 512, type === command.write ? fill : 0);
          payload.copy(model, page * 512);
          await client.request(type, page * 512, payload.length, type === command.write ? { payload } : {});
        }
        const read = await client.request(command.read, 0, visibleBytes);
        expect(read.data.equals(model)).toBe(true);
        client.leave();
        void client.drain();
        await ended;
      }),
    );
  });
});

describe("the decoders", () => {
  it("give back what was encoded, and undefined for what is no request", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 0, maxLength: 40 }), (bytes) => {
        expect(decodeRequest(Buffer.from(bytes))).toBeUndefined();
      }),
    );
    const request = { flags: 1, type: 1, cookie: 77n, offsetBytes: 512, lengthBytes: 4096 };
    expect(decodeRequest(encodeRequest(request))).toEqual(request);
  });

  it("read an information query only where its lengths add up", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 20 }), fc.uint8Array({ minLength: 1, maxLength: 9 }), (name, tail) => {
        const query = infoQuery(name);
        expect(decodeInfoQuery(query)?.exportName).toBe(Buffer.from(name, "utf8").toString("utf8"));
        expect(decodeInfoQuery(Buffer.concat([query, tail]))).toBeUndefined();
        expect(decodeInfoQuery(query.subarray(0, -1))).toBeUndefined();
      }),
    );
  });
});
