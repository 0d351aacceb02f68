import { HoldfastError } from "@holdfast/kernel";
import { FaultSet, withFaults } from "@holdfast/kernel/testing";
import type { StampProbe } from "@holdfast/domain";
import { expect, test } from "vitest";
import { createWorld } from "../testing/index.ts";
import { probeStamp } from "./probe-stamp.ts";

const stateOf = (probe: StampProbe, name: string): string | undefined =>
  probe.capabilities.find((capability) => capability.name === name)?.state;

test("finds what the stamp does, stores it and leaves nothing", async () => {
  const { deps, stamp, records } = createWorld();
  const before = stamp.listObjects();
  const probe = await probeStamp(deps);
  const names = ["incremental-snapshots", "changed-ranges", "direct-upload"];
  expect(names.map((name) => stateOf(probe, name))).toEqual(["yes", "yes", "yes"]);
  expect(probe.capabilities.find(({ name }) => name === "page-granularity")?.finding).toBe("4096 bytes");
  expect(await records.loadProbe("east")).toEqual(probe);
  expect(stamp.listObjects()).toEqual(before);
  expect(await records.listLedger("east")).toEqual([]);
});

test("removes the group and the account that it made, and no group that was there", async () => {
  const { deps, stamp } = createWorld();
  await probeStamp(deps);
  expect([stamp.groups.size, stamp.accounts.size]).toEqual([0, 0]);
  await stamp.ensureResourceGroup("holdfast-probe", { owner: "somebody" });
  await probeStamp(deps);
  expect([...stamp.groups.values()]).toEqual([{ owner: "somebody" }]);
  expect(stamp.accounts.size).toBe(0);
});

test("leaves the group that it made where somebody put something in it meanwhile", async () => {
  const { deps, stamp, records } = createWorld();
  const wanted = {
    name: "theirs",
    resourceGroup: "holdfast-probe",
    sku: "Standard_LRS",
    sizeGiB: 1,
    tags: {},
  } as const;
  await probeStamp({
    ...deps,
    stamp: Object.assign(Object.create(stamp), { createUploadDisk: async () => await stamp.createEmptyDisk(wanted) }),
  });
  expect([...stamp.groups.keys()]).toEqual([expect.stringMatching(/holdfast-probe$/)]);
  expect([...stamp.disks.values()].map(({ name }) => name)).toContain("theirs");
  expect(await records.listLedger("east")).toEqual([]);
});

test("says no where the stamp makes full snapshots and refuses changes and uploads", async () => {
  const { deps, stamp } = createWorld();
  Object.assign(stamp.abilities, { incrementalSnapshots: false, changedRanges: false, directUpload: false });
  const probe = await probeStamp(deps);
  const names = ["incremental-snapshots", "changed-ranges", "blob-changed-ranges", "direct-upload", "page-granularity"];
  expect(names.map((name) => stateOf(probe, name))).toEqual(["no", "no", "no", "no", "unknown"]);
});

test.each([
  "describe",
  "listUsages",
  "createEmptyDisk",
  "createSnapshot",
  "openSnapshot",
  "createPageBlob",
  "openUpload",
  "ensureStaging",
])("goes on when %s fails, says unknown with the reason, and leaves nothing", async (method) => {
  const { deps, stamp } = createWorld();
  const before = stamp.listObjects();
  const error = new HoldfastError({ code: "stackhub.arm.forbidden", message: "not allowed", advice: "Ask." });
  const faults = new FaultSet().add(method, { kind: "error", error, timing: "after" });
  const probe = await probeStamp({ ...deps, stamp: withFaults(stamp, faults) });
  faults.verifyAllHit();
  expect(probe.capabilities).toContainEqual(expect.objectContaining({ state: "unknown", finding: "not allowed" }));
  expect(stamp.listObjects()).toEqual(before);
});
