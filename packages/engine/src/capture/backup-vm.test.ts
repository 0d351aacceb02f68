import { HoldfastError } from "@holdfast/kernel";
import { FaultSet, withFaults } from "@holdfast/kernel/testing";
import { describe, expect, test } from "vitest";
import { createWorld, digestLiveDisks, digestPoint, writePages } from "../testing/index.ts";
import type { ProgressEvent } from "../workflow/workflow.ts";
import { backupVm } from "./backup-vm.ts";

const boom = new HoldfastError({ code: "stackhub.arm.failed", message: "boom", advice: "Try again." });

describe("backupVm", () => {
  test("reads what is allocated first and only what changed after, and keeps one base a disk", async () => {
    const { stamp, points, records, vm, deps } = createWorld();
    const before = digestLiveDisks(stamp, vm);
    const first = await backupVm(deps, { vmId: vm.id });
    stamp.imageOf(vm.disks[1]!).write(0, new Uint8Array(4096).fill(9));
    const second = await backupVm(deps, { vmId: vm.id });
    expect(first.disks.map((disk) => disk.readScope)).toEqual([
      { kind: "full", reason: "first-capture" },
      { kind: "full", reason: "first-capture" },
    ]);
    expect(second.disks.map((disk) => disk.readScope.kind)).toEqual(["incremental", "incremental"]);
    expect(second.disks.map((disk) => disk.bytes.read)).toEqual([0, 8192]);
    expect(await digestPoint(points, first)).toEqual(before);
    expect(await digestPoint(points, second)).toEqual(digestLiveDisks(stamp, vm));
    expect([...stamp.snapshots.values()].map((snapshot) => snapshot.id)).toEqual(
      second.disks.map((disk) => disk.snapshotRef),
    );
    expect(stamp.access.size).toBe(0);
    expect((await records.listLedger("east")).map((entry) => entry.state)).toEqual(["kept", "kept"]);
  });

  test("records what was cleared as zeros, without reading it", async () => {
    const { stamp, points, vm, deps } = createWorld({ diskCount: 1 });
    const image = stamp.imageOf(vm.disks[0]!);
    image.write(0, new Uint8Array(16_384).fill(5));
    await backupVm(deps, { vmId: vm.id });
    image.clear({ start: 0, end: 16_384 });
    const point = await backupVm(deps, { vmId: vm.id });
    expect(point.disks[0]!.bytes).toMatchObject({ listed: 16_384, read: 0 });
    expect(await digestPoint(points, point)).toEqual(digestLiveDisks(stamp, vm));
  });

  test("has every object of a run in the ledger, marked made, while it reads", async () => {
    const { records, vm, deps } = createWorld({ diskCount: 1 });
    let entries: ReturnType<typeof records.listLedger> | undefined;
    await backupVm(
      deps,
      { vmId: vm.id },
      {
        onProgress: ({ phase, doneBytes }) => {
          if (phase === "capture" && doneBytes !== undefined) entries ??= records.listLedger("east");
        },
      },
    );
    expect((await entries)?.map(({ kind, state }) => `${kind} ${state}`)).toEqual(["snapshot made", "sas made"]);
  });

  test("captures unmanaged disks with the same logic", async () => {
    const { stamp, points, vm, deps } = createWorld({ isUnmanaged: true });
    await backupVm(deps, { vmId: vm.id });
    writePages(stamp, vm, 2);
    const second = await backupVm(deps, { vmId: vm.id });
    expect(second.disks.map((disk) => disk.method)).toEqual(["blob-snapshot", "blob-snapshot"]);
    expect(second.disks.map((disk) => disk.readScope.kind)).toEqual(["incremental", "incremental"]);
    expect(await digestPoint(points, second)).toEqual(digestLiveDisks(stamp, vm));
    expect([...stamp.blobSnapshots.keys()]).toEqual(second.disks.map((disk) => disk.snapshotRef));
  });

  test("deletes full snapshots at once and says why all is read", async () => {
    const { stamp, vm, deps } = createWorld();
    stamp.abilities.incrementalSnapshots = false;
    const point = await backupVm(deps, { vmId: vm.id });
    expect(point.disks[0]!.readScope).toEqual({ kind: "full", reason: "stamp-cannot-list-changes" });
    expect(stamp.snapshots.size).toBe(0);
  });

  test("falls back to a full read where the stamp refuses changed ranges", async () => {
    const { stamp, points, vm, deps } = createWorld();
    await backupVm(deps, { vmId: vm.id });
    stamp.abilities.changedRanges = false;
    const events: ProgressEvent[] = [];
    const point = await backupVm(deps, { vmId: vm.id }, { onProgress: (event) => events.push(event) });
    expect(point.disks[0]!.readScope).toEqual({ kind: "full", reason: "stamp-cannot-list-changes" });
    expect(events.some((event) => event.message?.includes("stamp-cannot-list-changes"))).toBe(true);
    expect(await digestPoint(points, point)).toEqual(digestLiveDisks(stamp, vm));
    expect(stamp.access.size).toBe(0);
  });

  test("reads all again when the base's snapshot or point is gone", async () => {
    const { stamp, points, vm, deps } = createWorld({ diskCount: 1 });
    const first = await backupVm(deps, { vmId: vm.id });
    stamp.snapshots.clear();
    const second = await backupVm(deps, { vmId: vm.id });
    points.deletePoint(second.id);
    const third = await backupVm(deps, { vmId: vm.id });
    expect(first.disks).toHaveLength(1);
    expect(second.disks[0]!.readScope).toEqual({ kind: "full", reason: "base-snapshot-missing" });
    expect(third.disks[0]!.readScope).toEqual({ kind: "full", reason: "base-point-missing" });
  });

  test.each([
    [{ powerState: "running" }, "engine.capture.running-needs-consent"],
    [{ powerState: "unknown" }, "engine.capture.running-needs-consent"],
    [{ availabilitySetId: "/set" }, "engine.capture.availability-set-member"],
    [{ scaleSetId: "/scale-set" }, "engine.capture.scale-set-instance"],
  ] as const)("refuses %o before anything is made", async (change, code) => {
    const { stamp, vm, deps } = createWorld({ change });
    const before = stamp.listObjects();
    await expect(backupVm(deps, { vmId: vm.id })).rejects.toMatchObject({ code });
    expect(stamp.listObjects()).toEqual(before);
  });

  test("marks a running VM with several disks as at risk", async () => {
    const { vm, deps } = createWorld({ change: { powerState: "running" } });
    const point = await backupVm(deps, { vmId: vm.id, allowRunningSnapshot: true });
    expect(point).toMatchObject({ wasRunning: true, tornRisk: { isAtRisk: true } });
  });

  test("refuses a second run on the same VM and lets it in after", async () => {
    const { vm, deps, records } = createWorld();
    const subject = `east/${vm.id.toLowerCase()}`;
    const other = await records.beginRun({ runId: "other", subject });
    await expect(backupVm(deps, { vmId: vm.id })).rejects.toMatchObject({ code: "catalog.run.busy" });
    await other[Symbol.asyncDispose]();
    await expect(backupVm(deps, { vmId: vm.id })).resolves.toBeDefined();
  });

  describe.each(["createSnapshot", "readPowerState", "openSnapshot", "findSnapshot"] as const)("when %s", (method) => {
    test.each(["before", "after"] as const)("fails %s its effect, the old base stays usable", async (timing) => {
      const { stamp, points, vm, deps } = createWorld();
      await backupVm(deps, { vmId: vm.id });
      const before = stamp.listObjects();
      writePages(stamp, vm, 3);
      const faults = new FaultSet().add(method, { kind: "error", error: boom, timing });
      await expect(backupVm({ ...deps, stamp: withFaults(stamp, faults) }, { vmId: vm.id })).rejects.toBe(boom);
      faults.verifyAllHit();
      expect(stamp.listObjects()).toEqual(before);
      const next = await backupVm(deps, { vmId: vm.id });
      expect(next.disks.every((disk) => disk.readScope.kind === "incremental")).toBe(true);
      expect(await digestPoint(points, next)).toEqual(digestLiveDisks(stamp, vm));
    });
  });

  test("keeps a base whose acknowledgement was lost", async () => {
    const { stamp, records, vm, deps } = createWorld({ diskCount: 1 });
    const faults = new FaultSet().add("replaceBase", { kind: "error", error: boom, timing: "after" });
    await expect(backupVm({ ...deps, records: withFaults(records, faults) }, { vmId: vm.id })).rejects.toBe(boom);
    expect(stamp.snapshots.size).toBe(1);
    const next = await backupVm(deps, { vmId: vm.id });
    expect(next.disks[0]!.readScope.kind).toBe("incremental");
    expect(stamp.snapshots.size).toBe(1);
  });

  test("cleans up with a signal of its own when aborted", async () => {
    const { stamp, vm, deps } = createWorld();
    const before = stamp.listObjects();
    const controller = new AbortController();
    const onProgress = (event: ProgressEvent): void => {
      if (event.phase === "capture") controller.abort(new Error("Ctrl-C"));
    };
    await expect(backupVm(deps, { vmId: vm.id }, { signal: controller.signal, onProgress })).rejects.toThrow("Ctrl-C");
    expect(stamp.listObjects()).toEqual(before);
  });
});
