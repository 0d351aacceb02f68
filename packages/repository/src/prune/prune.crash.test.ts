import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { SeededRandom } from "@holdfast/kernel/testing";
import { expect, test } from "vitest";
import { createFileBlobStore } from "../blob-store/file-blob-store.ts";
import { openKeyed, strongRandom } from "../testing/keyed-repository.ts";
import { readPoint } from "../testing/prune-world.ts";

const pruner = fileURLToPath(new URL("../testing/crash-retainer.ts", import.meta.url));
const killCount = 16;
const longestMs = 400;

/** Lets a process publish, delete and prune until it is killed, and notes in the model what it said. */
async function runAndKill(folder: string, run: number, lengthMs: number, model: Map<string, string>): Promise<number> {
  const child = spawn(process.execPath, [pruner, folder, String(run)], { stdio: ["ignore", "pipe", "inherit"] });
  let timer: NodeJS.Timeout | undefined;
  let pruned = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    const [what, id = "", values = ""] = line.split(" ");
    if (what === "published") model.set(id, values);
    if (what === "deleting") model.delete(id);
    if (what === "pruned") pruned += 1;
    timer ??= setTimeout(() => child.kill("SIGKILL"), lengthMs);
  }
  clearTimeout(timer);
  if (child.signalCode === null && child.exitCode === null) await once(child, "exit");
  expect(child.signalCode).toBe("SIGKILL");
  return pruned;
}

test(`${killCount} kills of processes that publish, delete and prune lose no point and leave no damage`, async () => {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-prune-"));
  const random = new SeededRandom(20_260_202);
  const model = new Map<string, string>();
  let pruned = 0;
  try {
    for (let kill = 0; kill < killCount; kill += 1) {
      pruned += await runAndKill(folder, kill, random.fraction() * longestMs, model);
      const points = await openKeyed(createFileBlobStore(folder, strongRandom));
      for (const [id, values] of model)
        expect((await readPoint(points, id))?.join(), `kill ${kill}: ${id}`).toBe(values);
      expect((await points.check()).findings).toEqual([]);
    }
    expect(pruned).toBeGreaterThan(2);
    for (let prunes = 0; prunes < 6; prunes += 1)
      await (await openKeyed(createFileBlobStore(folder, strongRandom))).prune({ graceRounds: 0 });
    const points = await openKeyed(createFileBlobStore(folder, strongRandom));
    for (const [id, values] of model) expect((await readPoint(points, id))?.join()).toBe(values);
    expect(await points.check()).toMatchObject({ findings: [], orphanPackCount: 0 });
  } finally {
    await rm(folder, { recursive: true });
  }
});
