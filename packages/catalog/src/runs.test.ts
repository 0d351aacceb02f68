import { describe, expect, test } from "vitest";
import { runLease } from "./liveness.ts";
import { FakeHost, makeCatalogFolder } from "./testing/temporary-catalog.ts";

const run = (runId: string) => ({ runId, kind: "capture", subject: "east/vm1" });
const entry = (id: string, runId: string) =>
  ({ id, runId, stampName: "east", kind: "snapshot", objectId: `/Snapshots/${id}` }) as const;

describe("a run", () => {
  test("refuses a second one on its subject, and frees it when disposed", async () => {
    await using folder = await makeCatalogFolder();
    const catalog = await folder.open();
    {
      await using _held = await catalog.beginRun(run("r1"));
      await expect(catalog.beginRun(run("r2"))).rejects.toMatchObject({ code: "catalog.run.busy" });
    }
    await using _again = await catalog.beginRun(run("r2"));
    expect(folder.clock.sleeperCount).toBe(1);
  });

  test("is dead at once on its own machine when its process is gone, and its entries are abandoned", async () => {
    await using folder = await makeCatalogFolder();
    const first = new FakeHost({ pid: 100 });
    const second = new FakeHost({ pid: 200, processStart: "9" });
    second.processes.set(100, "7");
    const before = await folder.open(first);
    await before.beginRun(run("r1"));
    await before.enter(entry("e1", "r1"));
    const after = await folder.open(second);
    expect(await after.listAbandoned("east")).toEqual([]);
    second.processes.delete(100);
    expect((await after.listAbandoned("east")).map((found) => found.id)).toEqual(["e1"]);
    await using _taken = await after.beginRun(run("r2"));
  });

  test.each([
    ["a process number given again", { pid: 200 }, [[100, "8"]]],
    ["a new start of the machine", { pid: 200, bootId: "b2" }, [[100, "7"]]],
  ] as const)("is dead after %s", async (_name, self, processes) => {
    await using folder = await makeCatalogFolder();
    await (await folder.open(new FakeHost())).beginRun(run("r1"));
    const later = new FakeHost(self);
    for (const [pid, start] of processes) later.processes.set(pid, start);
    await using _taken = await (await folder.open(later)).beginRun(run("r2"));
  });

  test.each([
    ["machine", { machine: "m2" }],
    ["process id space", { pidSpace: "s2" }],
  ])("of another %s is believed until its lease ends", async (_name, self) => {
    await using folder = await makeCatalogFolder();
    const holder = new FakeHost();
    const catalog = await folder.open(holder);
    await catalog.beginRun(run("r1"));
    const other = await folder.open(new FakeHost({ pid: 300, ...self }));
    for (let beats = 0; beats < 30; beats += 1) await folder.clock.advance(runLease.heartbeatMs);
    await expect(other.beginRun(run("r2"))).rejects.toMatchObject({ code: "catalog.run.busy" });
    await catalog[Symbol.asyncDispose]();
    await folder.clock.advance(runLease.expiryMs);
    await using _taken = await other.beginRun(run("r2"));
  });
});
