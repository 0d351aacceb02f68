import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { findPostgres, startPostgres } from "../testing/postgres-server.ts";
import { tortureRuns } from "../testing/torture/torture-runs.ts";

describe.skipIf(findPostgres() === null)("on a real PostgreSQL", () => {
  test.each([
    ["killed", false],
    ["killed or paused past their lease, while the server crashes too,", true],
  ])("worker processes that are %s at random lose no run and double none", async (_, isHarsh) => {
    await using server = await startPostgres();
    const folder = await mkdtemp(join(tmpdir(), "holdfast-torture-"));
    // Another every time: the invariants must hold for each. The report names it.
    const seed = Math.floor(Math.random() * 1e9);
    try {
      const report = await tortureRuns({
        target: (await server.createDatabase("runs")).reveal(),
        effectsFile: join(folder, "effects.db"),
        seconds: 8,
        workers: 3,
        seed,
        pauses: isHarsh,
        ...(isHarsh ? { crashStore: () => server.crash() } : {}),
      });
      expect({ seed, problems: report.problems }).toEqual({ seed, problems: [] });
      expect(report.kills).toBeGreaterThan(0);
      expect(report.succeeded).toBeGreaterThan(20);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
