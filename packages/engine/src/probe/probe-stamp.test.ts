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
  expect([stateOf(probe, "incremental-snapshots"), stateOf(probe, "changed-ranges")]).toEqual(["yes", "yes"]);
  expect(probe.capabilities.find(({ name }) => name === "page-granularity")?.finding).toBe("4096 bytes");
  expect(await records.loadProbe("east")).toEqual(probe);
  expect(stamp.listObjects()).toEqual(before);
  expect(await records.listLedger("east")).toEqual([]);
});

test("says no where the stamp makes full snapshots and refuses changes", async () => {
  const { deps, stamp } = createWorld();
  Object.assign(stamp.abilities, { incrementalSnapshots: false, changedRanges: false });
  const probe = await probeStamp(deps);
  const names = ["incremental-snapshots", "changed-ranges", "blob-changed-ranges", "page-granularity"];
  expect(names.map((name) => stateOf(probe, name))).toEqual(["no", "no", "no", "unknown"]);
});

test.each(["describe", "listUsages", "createEmptyDisk", "createSnapshot", "openSnapshot", "createPageBlob"])(
  "goes on when %s fails, says unknown with the reason, and leaves nothing",
  async (method) => {
    const { deps, stamp } = createWorld();
    const before = stamp.listObjects();
    const error = new HoldfastError({ code: "stackhub.arm.forbidden", message: "not allowed", advice: "Ask." });
    const faults = new FaultSet().add(method, { kind: "error", error, timing: "after" });
    const probe = await probeStamp({ ...deps, stamp: withFaults(stamp, faults) });
    faults.verifyAllHit();
    expect(probe.capabilities).toContainEqual(expect.objectContaining({ state: "unknown", finding: "not allowed" }));
    expect(stamp.listObjects()).toEqual(before);
  },
);
