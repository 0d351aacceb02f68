import { describe, expect, test } from "vitest";
import type { CaptureBase, Records } from "../ports/records.ts";

const base: CaptureBase = {
  stampName: "east",
  repositoryId: "repo",
  diskId: "/subscriptions/s/disks/d",
  sourceIdentity: "unique",
  sizeBytes: 512,
  snapshotRef: "/subscriptions/s/snapshots/one",
  pointId: "point-1",
};
const entry = { runId: "run-1", stampName: "east", kind: "snapshot" } as const;

/** What every adapter of `Records` has to do. `make` gives an empty one each time. */
export function describeRecords(make: () => Promise<Records>): void {
  describe("Records", () => {
    test("a ledger entry goes from intended to made to gone", async () => {
      const records = await make();
      await records.enter({ ...entry, id: "1", objectId: base.snapshotRef });
      expect((await records.listLedger("east")).map(({ state }) => state)).toEqual(["intended"]);
      await records.mark("1", "made");
      expect((await records.listLedger("east")).map(({ state }) => state)).toEqual(["made"]);
      expect(await records.listLedger("west")).toEqual([]);
      await records.remove("1");
      await records.remove("1");
      expect(await records.listLedger("east")).toEqual([]);
    });

    test("only entries of runs that are not alive, and not kept ones, are abandoned", async () => {
      const records = await make();
      const run = await records.beginRun({ runId: "run-1", kind: "backup", subject: "east/vm" });
      await records.enter({ ...entry, id: "1", objectId: "one" });
      await records.enter({ ...entry, id: "2", objectId: "two" });
      await records.mark("2", "kept");
      expect(await records.listAbandoned("east")).toEqual([]);
      await run[Symbol.asyncDispose]();
      expect((await records.listAbandoned("east")).map(({ id }) => id)).toEqual(["1"]);
    });

    test("one live run a subject", async () => {
      const records = await make();
      const run = await records.beginRun({ runId: "run-1", kind: "backup", subject: "east/vm" });
      const second = records.beginRun({ runId: "run-2", kind: "backup", subject: "east/vm" });
      await expect(second).rejects.toMatchObject({ code: "catalog.run.busy" });
      await run[Symbol.asyncDispose]();
      await using _third = await records.beginRun({ runId: "run-3", kind: "backup", subject: "east/vm" });
    });

    test("a replaced base hands its snapshot to the run, and the new one is kept", async () => {
      const records = await make();
      await records.enter({ ...entry, id: "1", objectId: base.snapshotRef });
      expect(await records.replaceBase(base, { runId: "run-1" })).toBeNull();
      const next = { ...base, snapshotRef: "/subscriptions/s/snapshots/two", pointId: "point-2" };
      await records.enter({ ...entry, id: "2", runId: "run-2", objectId: next.snapshotRef.toUpperCase() });
      expect(await records.replaceBase(next, { runId: "run-2" })).toEqual(base);
      expect(await records.replaceBase(next, { runId: "run-2" })).toBeNull();
      const ledger = await records.listLedger("east");
      expect(ledger.map(({ id, runId, state }) => `${id} ${runId} ${state}`).toSorted()).toEqual([
        "1 run-2 made",
        "2 run-2 kept",
      ]);
      expect(await records.findBase("east", "repo", base.diskId)).toEqual(next);
      expect(await records.findBase("east", "other", base.diskId)).toBeNull();
      await records.removeBase("east", "repo", base.diskId);
      expect(await records.findBase("east", "repo", base.diskId)).toBeNull();
    });
  });
}
