import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { createVmBodies, findQemu } from "./create-vm-bodies.ts";
import { QemuBodies } from "./qemu-bodies.ts";
import { findGuestImage } from "./testing/guest-image.ts";
import { openFilePageStore } from "../pages/file-page-store.ts";
import { loadImage } from "./testing/load-image.ts";
import { realClock, until } from "./testing/real-clock.ts";

const needed = (await findQemu()) === undefined ? undefined : await findGuestImage();
// On CI a guest that cannot be built or run fails; elsewhere the test is skipped.
const withGuest = it.skipIf(needed === undefined && process.env["CI"] !== "true");

function lastTick(log: string): number {
  return Number([...log.matchAll(/HOLDFAST-TICK (\d+)/g)].at(-1)?.[1] ?? 0);
}

withGuest("a snapshot of a running PostgreSQL's disk holds every row that the guest was told is safe", async () => {
  const folder = await mkdtemp(join(tmpdir(), "guest-"));
  try {
    await using pageStore = await openFilePageStore({ folder: join(folder, "pages"), isDurable: true });
    const source = await loadImage(pageStore, "source", needed ?? "the guest image could not be built");
    await using bodies = await createVmBodies(
      { pageStore, clock: realClock },
      { kind: "real", folder, maxMemoryMiB: 512 },
    );
    if (!(bodies instanceof QemuBodies)) throw new Error("not real");
    const disksOf = (volumeId: string) => [{ lun: null, volumeId, visibleBytes: source.sizeBytes }];
    await bodies.start({ vmKey: "source", memoryMiB: 1024, cores: 2, disks: disksOf("source") });
    await until(async () => lastTick(await bodies.serialLog("source")) >= 10);

    const tickBefore = lastTick(await bodies.serialLog("source"));
    const snapshotId = await bodies.atWriteBarrier("source", () => source.snapshot());
    await until(async () => lastTick(await bodies.serialLog("source")) > tickBefore);
    await bodies.stop("source");
    await pageStore.clone("copy", { volumeId: "source", snapshotId });
    await bodies.start({ vmKey: "copy", memoryMiB: 1024, cores: 2, disks: disksOf("copy") });
    await until(async () => lastTick(await bodies.serialLog("copy")) > 0);

    const log = await bodies.serialLog("copy");
    expect(log).toContain("HOLDFAST-BOOT-OK holdfast-guest");
    const rows = /HOLDFAST-ROWS last=(\d+) count=(\d+) digest=\w+ intact=(\w+)/.exec(log)?.slice(1);
    expect(Number(rows?.[0])).toBeGreaterThanOrEqual(tickBefore);
    expect(rows).toEqual([rows?.[0], rows?.[0], "yes"]);
    const port = bodies.forwardedPort("copy", 8080);
    const served = await (await fetch(`http://127.0.0.1:${port}/rows`)).text();
    expect(log).toContain(served.trim());
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
