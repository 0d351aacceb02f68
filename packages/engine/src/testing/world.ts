import { createHash } from "node:crypto";
import { FakeClock, SeededRandom } from "@holdfast/kernel/testing";
import type { RecoveryPoint, VmConfiguration } from "@holdfast/domain";
import type { EngineDeps } from "../workflow/workflow.ts";
import { FakePointStore } from "./fake-point-store.ts";
import { FakeRecords } from "./fake-records.ts";
import { createFakeStamp } from "./fake-stamp.ts";
import type { FakeStamp } from "./fake-stamp.ts";
import { fakePageBytes } from "./page-image.ts";
import type { Mortal } from "./mortal.ts";

export const testDiskBytes = 256 * 1024;

/** One fake of everything, and a VM on it. */
export interface World {
  readonly stamp: FakeStamp;
  readonly points: FakePointStore;
  readonly records: FakeRecords;
  readonly vm: VmConfiguration;
  readonly deps: EngineDeps;
  /** The same world as a process sees it that is going to die. */
  mortalDeps(mortal: Mortal): EngineDeps;
}

export function createWorld(
  options: {
    readonly diskCount?: number;
    readonly diskBytes?: number;
    readonly isUnmanaged?: boolean;
    readonly change?: Partial<VmConfiguration>;
  } = {},
): World {
  const clock = new FakeClock();
  const random = new SeededRandom(7);
  const stamp = createFakeStamp("east", clock);
  const points = new FakePointStore();
  const records = new FakeRecords(clock);
  const vm = stamp.addVm(
    "web1",
    Array.from({ length: options.diskCount ?? 2 }, () => options.diskBytes ?? testDiskBytes),
    options,
  );
  writePages(stamp, vm, 1);
  const deps: EngineDeps = { stamp, points, records, clock, random, owner: "installation-1" };
  return {
    stamp,
    points,
    records,
    vm,
    deps,
    mortalDeps: (mortal) => ({
      ...deps,
      stamp: mortal.wrap(stamp),
      points: mortal.wrap(points),
      records: mortal.wrap(records),
    }),
  };
}

/** Writes a few pages of every disk, which depend on the seed. */
export function writePages(stamp: FakeStamp, vm: VmConfiguration, seed: number): void {
  const random = new SeededRandom(seed);
  for (const disk of vm.disks) {
    for (let count = 0; count < 5; count += 1) {
      const page = Math.floor((random.fraction() * testDiskBytes) / fakePageBytes);
      stamp.imageOf(disk).write(page * fakePageBytes, random.bytes(fakePageBytes));
    }
  }
}

/** SHA-256 of each disk of a point. */
export async function digestPoint(points: FakePointStore, point: RecoveryPoint): Promise<string[]> {
  return await Promise.all(
    point.disks.map(async ({ image }) => {
      const stored = await points.openDisk(image);
      return digest(await stored.read({ start: 0, end: image.sizeBytes }));
    }),
  );
}

/** SHA-256 of the live disks of a VM, the OS disk first. */
export function digestLiveDisks(stamp: FakeStamp, vm: VmConfiguration): string[] {
  return vm.disks.map((disk) => digest(stamp.imageOf(disk).read({ start: 0, end: disk.sizeBytes })));
}

function digest(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
