import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { SeededRandom } from "@holdfast/kernel/testing";
import { expect, test } from "vitest";
import { createFileBlobStore } from "./blob-store/file-blob-store.ts";
import { openKeyed, readAll, sha256, strongRandom } from "./testing/keyed-repository.ts";

const writer = fileURLToPath(new URL("testing/crash-writer.ts", import.meta.url));
const killCount = 20;
/** Kills by turns: while a writer starts and captures a whole disk, and in the short captures after that. */
const lives = [
  { from: "ready", longestMs: 250 },
  { from: "published", longestMs: 50 },
] as const;

/** Lets a writer run until it is killed, and answers the points that it said are published, with their sums. */
async function runAndKill(
  folder: string,
  run: string,
  life: { from: string; lengthMs: number },
): Promise<[string, string][]> {
  const child = spawn(process.execPath, [writer, folder, run], { stdio: ["ignore", "pipe", "inherit"] });
  const published: [string, string][] = [];
  let timer: NodeJS.Timeout | undefined;
  for await (const line of createInterface({ input: child.stdout })) {
    const [id = "", sum] = line.split(" ");
    if (sum !== undefined) published.push([id, sum]);
    if (life.from === (sum === undefined ? "ready" : "published"))
      timer ??= setTimeout(() => child.kill("SIGKILL"), life.lengthMs);
  }
  clearTimeout(timer);
  if (child.signalCode === null && child.exitCode === null) await once(child, "exit");
  expect(child.signalCode).toBe("SIGKILL");
  return published;
}

test(`${killCount} kills at random moments lose no published point and leave no damage`, async () => {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-crash-"));
  const random = new SeededRandom(20_260_101);
  const published = new Map<string, string>();
  try {
    for (let kill = 0; kill < killCount; kill += 1) {
      const { from, longestMs } = lives[kill % 2]!;
      const life = { from, lengthMs: random.fraction() * longestMs };
      const run = await runAndKill(join(folder, "repo"), `r${kill}`, life);
      for (const [id, sum] of run) published.set(id, sum);
      const points = await openKeyed(createFileBlobStore(join(folder, "repo"), strongRandom));
      const images = new Map((await points.listPoints()).map(({ id, disks }) => [id, disks[0]!.image]));
      for (const [id, sum] of run) expect(sha256(await readAll(points, images.get(id)!)), id).toBe(sum);
      expect([...published.keys()].filter((id) => !images.has(id))).toEqual([]);
      expect((await points.check()).findings).toEqual([]);
    }
    expect(published.size).toBeGreaterThanOrEqual(killCount / 2);
    const points = await openKeyed(createFileBlobStore(join(folder, "repo"), strongRandom));
    for (const { id, disks } of await points.listPoints())
      if (published.has(id)) expect(sha256(await readAll(points, disks[0]!.image)), id).toBe(published.get(id));
  } finally {
    await rm(folder, { recursive: true });
  }
});
