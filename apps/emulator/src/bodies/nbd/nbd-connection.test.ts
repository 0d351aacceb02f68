import { duplexPair } from "node:stream";
import { SkippingClock } from "@holdfast/kernel/testing";
import { afterEach, describe, expect, it } from "vitest";
import { MemoryVolume } from "../testing/memory-volume.ts";
import { infoQuery, NbdTestClient } from "../testing/nbd-client.ts";
import { WriteGate } from "../write-gate.ts";
import { serveNbdConnection } from "./nbd-connection.ts";
import { createVolumeExport } from "./nbd-export.ts";
import { command, commandFlag, nbdError, option, optionReply } from "./nbd-protocol.ts";

const visibleBytes = 1024 * 1024;
const footer = Buffer.alloc(512, 0xee);
let ended: Promise<void> | undefined;

function connect(): { client: NbdTestClient; volume: MemoryVolume; gate: WriteGate; faults: unknown[] } {
  const volume = new MemoryVolume("v", visibleBytes + 512);
  void volume.write(visibleBytes, footer);
  const gate = new WriteGate(new SkippingClock());
  const faults: unknown[] = [];
  const [near, far] = duplexPair();
  ended = serveNbdConnection(far, new Map([["disk0", createVolumeExport(volume, visibleBytes, gate)]]), (error) =>
    faults.push(error),
  );
  return { client: new NbdTestClient(near), volume, gate, faults };
}

async function open(): Promise<ReturnType<typeof connect>> {
  const session = connect();
  await session.client.greet();
  await session.client.go("disk0");
  return session;
}

afterEach(() => {
  ended = undefined;
});

describe("negotiation", () => {
  it("tells size, flags and block sizes of an export and goes on to it", async () => {
    const { client } = connect();
    const greeting = await client.greet();
    const answers = await client.go("disk0");
    expect(greeting.toString("latin1", 0, 16)).toBe("NBDMAGICIHAVEOPT");
    expect(answers.map((a) => a.type)).toEqual([optionReply.info, optionReply.info, optionReply.ack]);
    expect(answers[0]?.data.readBigUInt64BE(2)).toBe(BigInt(visibleBytes));
    expect(answers[0]?.data.readUInt16BE(10)).toBe(0b1101101);
    expect([2, 6, 10].map((at) => answers[1]?.data.readUInt32BE(at))).toEqual([512, 4096, 32 * 1024 * 1024]);
    expect((await client.request(command.read, 0, 512)).error).toBe(nbdError.none);
  });

  it("lists the exports, and refuses unknown names and options without ending the haggling", async () => {
    const { client } = connect();
    await client.greet();
    const listed = await client.haggle(option.list, Buffer.alloc(0));
    expect(listed.map((a) => a.data.toString("utf8", 4))).toEqual(["disk0", ""]);
    expect((await client.go("disk9"))[0]?.type).toBe(optionReply.unknownExport);
    expect((await client.haggle(8, Buffer.alloc(0)))[0]?.type).toBe(optionReply.unsupported);
    expect((await client.haggle(option.go, Buffer.alloc(3)))[0]?.type).toBe(optionReply.invalid);
    expect((await client.haggle(option.info, infoQuery("disk0"))).at(-1)?.type).toBe(optionReply.ack);
    expect((await client.go("disk0")).at(-1)?.type).toBe(optionReply.ack);
  });

  it("opens an export by the oldest option, with its padding where the client wants it", async () => {
    const { client } = connect();
    await client.greet(1);
    client.sendOption(option.exportName, Buffer.from("disk0"));
    const answer = await client.reader.readExactly(134);
    expect(answer.readBigUInt64BE(0)).toBe(BigInt(visibleBytes));
  });

  it.each([
    ["unknown client flags", (c: NbdTestClient) => c.greet(0x80)],
    [
      "an option longer than allowed",
      async (c: NbdTestClient) => (await c.greet(), c.sendOption(7, Buffer.alloc(9000))),
    ],
    ["an option without its magic", async (c: NbdTestClient) => (await c.greet(), c.send(Buffer.alloc(16)))],
    ["abort", async (c: NbdTestClient) => (await c.greet(), c.sendOption(option.abort, Buffer.alloc(0)))],
    [
      "an unknown name in the oldest option",
      async (c: NbdTestClient) => (await c.greet(), c.sendOption(1, Buffer.from("x"))),
    ],
    ["a client that leaves in the greeting", async (c: NbdTestClient) => c.leave()],
  ])("ends on %s", async (_name, act) => {
    const { client } = connect();
    await act(client);
    void client.drain();
    await expect(ended).resolves.toBeUndefined();
  });
});

describe("transmission", () => {
  it("writes, reads back, trims and writes zeroes", async () => {
    const { client } = await open();
    const payload = Buffer.alloc(8192, 7);
    expect((await client.request(command.write, 4096, 8192, { payload })).error).toBe(0);
    expect((await client.request(command.trim, 4096, 512)).error).toBe(0);
    expect((await client.request(command.writeZeroes, 5120, 512)).error).toBe(0);
    expect((await client.request(command.writeZeroes, 6144, 512, { flags: commandFlag.noHole })).error).toBe(0);
    const expected = Buffer.from(payload);
    for (const at of [0, 1024, 2048]) expected.fill(0, at, at + 512);
    expect((await client.request(command.read, 4096, 8192)).data).toEqual(expected);
  });

  it("flushes on flush and on forced unit access, and not otherwise", async () => {
    const { client, volume } = await open();
    const payload = Buffer.alloc(512, 1);
    await client.request(command.write, 0, 512, { payload });
    expect(volume.flushes).toBe(0);
    await client.request(command.write, 0, 512, { payload, flags: commandFlag.forceUnitAccess });
    await client.request(command.flush, 0, 0);
    expect(volume.flushes).toBe(2);
  });

  it("keeps everything beyond the visible bytes out of reach", async () => {
    const { client, volume } = await open();
    const payload = Buffer.alloc(1024, 1);
    expect((await client.request(command.read, visibleBytes, 512)).error).toBe(nbdError.invalid);
    expect((await client.request(command.write, visibleBytes - 512, 1024, { payload })).error).toBe(nbdError.noSpace);
    expect((await client.request(command.writeZeroes, visibleBytes, 512)).error).toBe(nbdError.noSpace);
    expect((await client.request(command.trim, visibleBytes, 512)).error).toBe(nbdError.invalid);
    const kept = Buffer.alloc(512);
    await volume.read(visibleBytes, kept);
    expect(kept).toEqual(footer);
  });

  it.each([
    ["an offset between pages", [command.read, 100, 512], nbdError.invalid],
    ["a length between pages", [command.read, 0, 100], nbdError.invalid],
    ["no length", [command.read, 0, 0], nbdError.invalid],
    ["a command that was not offered", [7, 0, 512], nbdError.notSupported],
  ] as const)("refuses %s and serves on", async (_name, request, error) => {
    const { client } = await open();
    expect((await client.request(request[0], request[1], request[2])).error).toBe(error);
    expect((await client.request(command.read, 0, 512)).error).toBe(0);
  });

  it("answers a fault of the volume as an I/O error, a full one as no space, and reports both", async () => {
    const { client, volume, faults } = await open();
    volume.failure = new Error("the disk is on fire");
    expect((await client.request(command.read, 0, 512)).error).toBe(nbdError.io);
    volume.failure = Object.assign(new Error("full"), { code: "ENOSPC" });
    expect((await client.request(command.write, 0, 512, { payload: Buffer.alloc(512) })).error).toBe(nbdError.noSpace);
    expect(faults).toHaveLength(2);
  });

  it("ends on a payload beyond the limit, on a header that is none, and on disconnect", async () => {
    for (const bytes of ["oversized", "garbage", "disconnect"]) {
      const { client } = await open();
      if (bytes === "oversized") client.send(header(command.write, 0xffff_fe00));
      if (bytes === "garbage") client.send(Buffer.alloc(28, 0x55));
      if (bytes === "disconnect") client.send(header(command.disconnect, 0));
      void client.drain();
      await expect(ended).resolves.toBeUndefined();
    }
  });

  it("holds writes at a barrier and lets reads through", async () => {
    const { client, volume, gate } = await open();
    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    const frozen = gate.hold(async () => {
      await held;
      const page = Buffer.alloc(512);
      await volume.read(0, page);
      return page;
    });
    expect((await client.request(command.read, 0, 512)).error).toBe(0);
    const written = client.request(command.write, 0, 512, { payload: Buffer.alloc(512, 9) });
    await new Promise((resolve) => setImmediate(resolve));
    release();
    expect(await frozen).toEqual(Buffer.alloc(512));
    expect((await written).error).toBe(0);
    const after = Buffer.alloc(512);
    await volume.read(0, after);
    expect(after).toEqual(Buffer.alloc(512, 9));
  });
});

function header(type: number, lengthBytes: number): Buffer {
  const bytes = Buffer.alloc(28);
  bytes.writeUInt32BE(0x25609513, 0);
  bytes.writeUInt16BE(type, 6);
  bytes.writeUInt32BE(lengthBytes, 24);
  return bytes;
}
