import { GiB } from "@holdfast/kernel";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Figure } from "../evidence/figure.ts";
import type { Provenance } from "../inventory/capability.ts";
import { makeTestDisk, makeTestVm } from "../testing/make-vm.ts";
import { judgeNodeCapacity } from "./node-capacity.ts";
import { planWaves } from "./plan-waves.ts";
import { predictGrowth } from "./repository-growth.ts";
import { sizeProtection } from "./size-protection.ts";
import type { SizeInput } from "./size-protection.ts";
import { targetNeeds } from "./target-needs.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const known = (value: number, provenance: Provenance = "measured"): Figure => ({ value, provenance, source: "a test" });

describe("planWaves", () => {
  test("puts each VM into one wave, within slots, link, window and count unless a VM alone is too long", () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ readBytes: fc.nat(1000), priority: fc.nat(2) }), { maxLength: 40 }),
        fc.record({
          slots: fc.integer({ min: 1, max: 4 }),
          captureRate: fc.integer({ min: 1, max: 5 }),
          linkRate: fc.option(fc.integer({ min: 1, max: 10 })),
          storedRatio: fc.constantFrom(0.5, 1),
          windowMs: fc.integer({ min: 1000, max: 400_000 }),
          maxVms: fc.integer({ min: 1, max: 9 }),
        }),
        (vms, limits) => {
          const fulls = vms.map((one, i) => ({ ...one, vmKey: `vm${i}` }));
          const waves = planWaves(fulls, limits);
          expect(waves.flatMap(({ vmKeys }) => vmKeys).sort()).toEqual(fulls.map(({ vmKey }) => vmKey).sort());
          for (const { vmKeys, readBytes, durationMs, isLongerThanWindow } of waves) {
            const own = fulls.filter(({ vmKey }) => vmKeys.includes(vmKey));
            expect(readBytes).toBe(own.reduce((sum, one) => sum + one.readBytes, 0));
            expect(vmKeys.length).toBeLessThanOrEqual(limits.maxVms);
            expect(durationMs * limits.slots * limits.captureRate).toBeGreaterThanOrEqual(readBytes * 1000 - 0.001);
            if (isLongerThanWindow)
              expect(
                planWaves(
                  fulls.filter(({ vmKey }) => vmKey === vmKeys[0]),
                  limits,
                )[0]?.isLongerThanWindow,
              ).toBe(true);
            else expect(durationMs).toBeLessThanOrEqual(limits.windowMs);
          }
        },
      ),
    );
  });
});

describe("predictGrowth", () => {
  const input = {
    allocatedBytes: known(100 * GiB),
    changedBytesPerDay: known(GiB),
    fullRatio: known(0.5),
    changeRatio: known(0.5),
    rules: { daily: 8, timeZone: "UTC" },
    everyMs: dayMs,
    firstAtMs: 0,
    forMs: 365 * dayMs,
  };
  test("is the first full and the change between the points that are kept", () => {
    const { pointCount, storedBytes } = predictGrowth(input);
    expect([pointCount, storedBytes.value / GiB]).toEqual([8, 50 + 3.5]);
  });
  test("never counts more between two points than the disks hold", () => {
    const { storedBytes } = predictGrowth({ ...input, changedBytesPerDay: known(1000 * GiB) });
    expect(storedBytes.value / GiB).toBe(50 + 7 * 50);
  });
  test("keeping more never takes less", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), fc.nat(12), fc.nat(200), (daily, monthly, changed) => {
        const at = (more: number) =>
          predictGrowth({
            ...input,
            changedBytesPerDay: known(changed * GiB),
            rules: { daily: daily + more, monthly, timeZone: "UTC" },
          }).storedBytes.value;
        expect(at(3)).toBeGreaterThanOrEqual(at(0) - 1);
      }),
      { numRuns: 30 },
    );
  });
});

test("a target needs whole disks, by kind, and the cores of each size", () => {
  const premium = { ...makeTestDisk("p", 0, 100.5 * GiB) };
  const disks = [
    makeTestDisk("os", null, 30 * GiB),
    { ...premium, backing: { ...premium.backing, kind: "managed", sku: "Premium_LRS", diskId: "d", uniqueId: "u" } },
    { ...premium, backing: { kind: "unmanaged", vhdUri: "https://x" } },
  ] as const;
  const sizes = [{ name: "standard_ds2_V2", cores: 2, memoryMiB: 7168, maxDataDisks: 8 }];
  const vms = [makeTestVm("a", { disks }), makeTestVm("b", { disks: [] })];
  expect(targetNeeds(vms, sizes)).toEqual({
    virtualMachines: 2,
    cores: 4,
    networkInterfaces: 0,
    standardDiskGiB: 131,
    premiumDiskGiB: 101,
    unknownSizes: [],
  });
  expect(targetNeeds(vms, [])).toMatchObject({ cores: null, unknownSizes: ["Standard_DS2_v2"] });
});

test("four nodes of 384 GiB with one lost hold what the platform's reserve leaves", () => {
  const nodes = { nodeCount: known(4, "assumed"), memoryGiBPerNode: known(384, "assumed") };
  const demand = { vmCount: 100, memoryGiB: known(600, "probed"), largestVmGiB: known(32, "probed") };
  const found = judgeNodeCapacity(nodes, demand);
  // 4 * 384 - (384 + 0.15 * 3 * 384 + 32 * 2) - (242 + 16)
  expect(found.usableGiB).toMatchObject({ value: expect.closeTo(657.2, 5), provenance: "assumed" });
  expect(found).toMatchObject({ fits: true, maxVms: 180, problems: [] });
  expect(judgeNodeCapacity(nodes, { ...demand, vmCount: 181, memoryGiB: known(700) }).problems).toEqual([
    "700 GiB of memory needed, 657 with one node lost",
    "181 VMs, and 180 with one node lost",
  ]);
  const sixteen = judgeNodeCapacity({ ...nodes, nodeCount: known(16) }, demand);
  expect(sixteen.maxVms).toBe(700);
});

const input: SizeInput = {
  vms: Array.from({ length: 60 }, (_none, i) => ({
    vmKey: `vm${i}`,
    vm: makeTestVm(`vm${i}`),
    priority: 1,
    allocatedBytes: known(100_000_000_000),
    changedBytesPerDay: known(1_000_000_000, "assumed"),
  })),
  rates: { captureRate: known(100_000_000), slots: known(4), link: null, storedRatio: known(0.5, "assumed") },
  windowMs: 8 * hourMs,
  maxVmsPerWave: 50,
  rules: { daily: 7, timeZone: "UTC" },
  everyMs: dayMs,
  nowMs: 0,
  sizes: [],
  usages: null,
  nodes: null,
};

test("sizeProtection answers how many, how long, how large, and what the target lacks", () => {
  const size = sizeProtection(input);
  // 60 captures of 1000 s on 4 slots.
  expect(size).toMatchObject({ vmCount: 60, firstFullBytes: { value: 6e12, provenance: "measured" }, nodes: null });
  expect(size.waves.map(({ vmKeys }) => vmKeys.length)).toEqual([50, 10]);
  expect(size.firstFullMs).toMatchObject({ value: 16_000_000, provenance: "measured" });
  expect(size.afterAYear).toMatchObject({
    pointCount: 7,
    storedBytes: { value: 3e12 + 6 * 30e9, provenance: "assumed" },
  });
  expect(size.findings.map(({ kind, severity }) => [kind, severity])).toEqual([
    ["quota-too-small", "warns"],
    ["vm-size-unknown", "notes"],
  ]);
});

test("a link bounds the waves, and a VM longer than a window is told", () => {
  const rates = { ...input.rates, link: known(1_250_000, "documented") };
  const size = sizeProtection({ ...input, rates });
  expect(size.waves.length).toBe(60);
  expect(size.firstFullMs).toMatchObject({ value: 60 * 40_000_000, provenance: "assumed" });
  expect(size.findings.filter(({ kind }) => kind === "window-too-short").length).toBe(60);
});

test("nothing to protect has a size too", () => {
  expect(sizeProtection({ ...input, vms: [] })).toMatchObject({ vmCount: 0, waves: [], findings: [] });
});
