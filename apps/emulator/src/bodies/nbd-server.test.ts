import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { SeededRandom, SkippingClock } from "@holdfast/kernel/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startNbdServer } from "./nbd-server.ts";
import { createVolumeExport } from "./nbd/nbd-export.ts";
import { MemoryVolume } from "./testing/memory-volume.ts";
import { NbdTestClient } from "./testing/nbd-client.ts";
import { WriteGate } from "./write-gate.ts";

const run = promisify(execFile);
const visibleBytes = 8 * 1024 * 1024;
let folder: string;
let volume: MemoryVolume;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "nbd-"));
  volume = new MemoryVolume("v", visibleBytes + 512);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function serve(): ReturnType<typeof startNbdServer> {
  const served = createVolumeExport(volume, visibleBytes, new WriteGate(new SkippingClock()));
  return startNbdServer(join(folder, "nbd"), new Map([["disk0", served]]), () => undefined);
}

const hasQemuUtils = await run("qemu-img", ["--version"]).then(
  () => true,
  () => false,
);
// On CI a missing package fails; elsewhere the tests that need it are skipped.
const withQemuUtils = describe.skipIf(!hasQemuUtils && process.env["CI"] !== "true");

withQemuUtils("the NBD server, driven by QEMU's own tools", () => {
  it("takes an image and gives the same bytes back", async () => {
    await using server = await serve();
    const uri = `nbd+unix:///disk0?socket=${server.socketPath}`;
    const source = join(folder, "source.raw");
    const content = Buffer.alloc(visibleBytes);
    const random = new SeededRandom(1);
    for (const at of [0, 512, 65536, 1_000_448, visibleBytes - 4096]) content.set(random.bytes(4096), at);
    await writeFile(source, content);
    await run("qemu-img", ["convert", "-n", "-f", "raw", "-O", "raw", source, uri]);
    await run("qemu-img", ["compare", "-f", "raw", "-F", "raw", source, uri]);
    const stored = Buffer.alloc(visibleBytes);
    await volume.read(0, stored);
    expect(stored.equals(content)).toBe(true);
  });

  it("carries writes, zeroes, discards, forced and plain flushes of qemu-io", async () => {
    await using server = await serve();
    const uri = `nbd+unix:///disk0?socket=${server.socketPath}`;
    const commands = ["write -P 0x5a 0 1M", "write -z 64k 64k", "discard 256k 64k", "write -f -P 7 512k 4k", "flush"];
    const checks = ["read -P 0x5a 0 64k", "read -P 0 64k 64k", "read -P 0 256k 64k", "read -P 7 512k 4k"];
    const { stdout } = await run(
      "qemu-io",
      [
        ["-f", "raw", "-t", "none", "-d", "unmap"],
        [...commands, ...checks].flatMap((command) => ["-c", command]),
        [uri],
      ].flat(),
    );
    expect(stdout).not.toContain("failed");
    expect(volume.flushes).toBeGreaterThanOrEqual(2);
  });
});

describe("the NBD server", () => {
  it("is for its own user only, cuts clients off on disposal and leaves no socket", async () => {
    const server = await serve();
    expect((await stat(server.socketPath)).mode & 0o777).toBe(0o600);
    const socket = connect(server.socketPath);
    const client = new NbdTestClient(socket);
    await client.greet();
    await client.go("disk0");
    await server[Symbol.asyncDispose]();
    await client.drain();
    expect(await readdir(folder)).toEqual([]);
  });

  it("outlives clients that vanish in the middle of a message", async () => {
    await using server = await serve();
    for (const flags of [1, 3]) {
      const socket = connect(server.socketPath);
      const client = new NbdTestClient(socket);
      await client.greet(flags);
      client.send(Buffer.alloc(7));
      socket.destroy();
    }
    const client = new NbdTestClient(connect(server.socketPath));
    await client.greet();
    expect((await client.go("disk0")).at(-1)?.type).toBe(1);
  });
});
