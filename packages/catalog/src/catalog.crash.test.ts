import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { createSystemHost } from "./host.ts";
import { makeCatalogFolder } from "./testing/temporary-catalog.ts";

const worker = fileURLToPath(new URL("testing/catalog-worker.ts", import.meta.url));

function start(...args: readonly string[]) {
  const child = spawn(process.execPath, [worker, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  const output: string[] = [];
  child.stdout.setEncoding("utf8").on("data", (text: string) => output.push(text));
  const lines = () => output.join("").split("\n").slice(0, -1);
  const atLeast = async (count: number) => {
    while (lines().length < count) {
      if (child.exitCode !== null) throw new Error(`the writer ended with ${child.exitCode}`);
      await Promise.race([once(child.stdout, "data"), once(child, "close")]);
    }
  };
  const kill = async () => {
    const closed = once(child, "close");
    child.kill("SIGKILL");
    await closed;
  };
  return { lines, atLeast, kill, closed: once(child, "close") };
}

test("kill -9 of two writers at once loses no acknowledged entry", async () => {
  await using folder = await makeCatalogFolder();
  for (let round = 0; round < 4; round += 1) {
    const writers = [start(folder.file, "write", `a${round}`), start(folder.file, "write", `b${round}`)];
    for (const writer of writers) await writer.atLeast(20 + round * 17);
    for (const writer of writers) await writer.kill();
    const catalog = await folder.open();
    const kept = new Set((await catalog.listLedger("east")).map((entry) => entry.id));
    const acknowledged = writers.flatMap((writer) => writer.lines());
    expect(acknowledged.filter((id) => !kept.has(id))).toEqual([]);
    expect((await catalog.listAbandoned("east")).length).toBe(kept.size);
  }
});

test("kill -9 of two writers of one log loses no acknowledged decision or incident, and halves none", async () => {
  await using folder = await makeCatalogFolder();
  for (let round = 0; round < 4; round += 1) {
    const writers = [start(folder.file, "record", `a${round}`), start(folder.file, "record", `b${round}`)];
    for (const writer of writers) await writer.atLeast(7 + round * 5);
    for (const writer of writers) await writer.kill();
    const catalog = await folder.open();
    expect(await catalog.findBrokenRecords()).toEqual([]);
    const log = await catalog.listDecisions("shop");
    const removed = new Set(log.flatMap((one) => (one.kind === "contact-removed" ? [one.name] : [])));
    const incidents = await catalog.listIncidents();
    const acknowledged = writers.flatMap((writer) => writer.lines());
    expect(acknowledged.filter((id) => !removed.has(id))).toEqual([]);
    expect(acknowledged.filter((id) => !incidents.some((one) => one.id === id))).toEqual([]);
    // Each pair was entered at once, so no contact is left, and no incident is undeclared.
    expect((await catalog.loadDecisions()).get("shop")?.contacts).toEqual([]);
    expect(incidents.filter(({ declared }) => declared === null)).toEqual([]);
  }
});

test("the subject of a killed process is free at once, and its ledger entry is abandoned", async () => {
  await using folder = await makeCatalogFolder();
  const holder = start(folder.file, "hold", "r1");
  await holder.atLeast(1);
  const catalog = await folder.open(createSystemHost());
  const mine = { runId: "r2", kind: "capture", subject: "east/vm1" };
  await expect(catalog.beginRun(mine)).rejects.toMatchObject({ code: "catalog.run.busy" });
  expect(await catalog.listAbandoned("east")).toEqual([]);
  await holder.kill();
  await using _run = await catalog.beginRun(mine);
  expect((await catalog.listAbandoned("east")).map((entry) => entry.id)).toEqual(["e1"]);
});

test("processes that make the same catalog at once all open it", async () => {
  await using folder = await makeCatalogFolder();
  const processes = Array.from({ length: 4 }, () => start(folder.file, "open"));
  for (const opened of processes) expect(await opened.closed).toEqual([0, null]);
});
