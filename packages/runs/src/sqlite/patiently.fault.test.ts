import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { HoldfastError } from "@holdfast/kernel";
import { SeededRandom, SkippingClock } from "@holdfast/kernel/testing";
import { expect, test } from "vitest";
import { patiently } from "./patiently.ts";
import { openSqliteRunEngine } from "./sqlite-run-engine.ts";

const busy = (): HoldfastError =>
  new HoldfastError({ code: "runs.file.busy", message: "locked", advice: "wait", isRetryable: true });

test("a locked file is waited for, for half a minute", async () => {
  const clock = new SkippingClock();
  const beganMs = clock.now();
  let tries = 0;
  const locked = patiently(clock, () => {
    tries += 1;
    throw busy();
  });
  await expect(locked).rejects.toMatchObject({ code: "runs.file.busy" });
  expect(clock.now() - beganMs).toBe(30_000);
  expect(tries).toBe(601);
});

test("any other error is raised at once, and an aborted wait ends", async () => {
  const clock = new SkippingClock();
  const other = patiently(clock, () => {
    throw new Error("no use");
  });
  await expect(other).rejects.toThrow("no use");
  const aborted = patiently(
    clock,
    () => {
      throw busy();
    },
    AbortSignal.abort(new Error("stopped")),
  );
  await expect(aborted).rejects.toThrow("stopped");
  expect(clock.sleptMs).toEqual([]);
});

test("a call goes on when the process that had the file locked lets go of it", async () => {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-runs-"));
  try {
    const file = join(folder, "runs.db");
    const clock = new SkippingClock();
    await using engine = await openSqliteRunEngine({ file, clock, random: new SeededRandom(1) });
    const other = new DatabaseSync(file);
    other.exec("begin immediate");
    const starting = engine.start({ workflow: { name: "w", version: 1 }, input: null, runId: "r1" });
    expect(await engine.find("r1")).toBeNull();
    other.exec("rollback");
    other.close();
    expect(await starting).toEqual({ runId: "r1", isNew: true });
    expect(clock.sleptMs.length).toBeGreaterThan(0);
  } finally {
    await rm(folder, { recursive: true });
  }
});
