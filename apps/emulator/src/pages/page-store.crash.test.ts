import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openFilePageStore } from "./file-page-store.ts";
import { pageBytes } from "./page-map.ts";
import type { PageView, PageVolume } from "./page-store.ts";
import { historyContent, historyPages, historyStep } from "./testing/page-history.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "pages-crash-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** What the writer said before it was killed. */
interface Said {
  lastStep: number;
  /** Step by snapshot, without those whose deletion was begun. */
  readonly snapshots: Map<string, number>;
  /** At most one, which the kill may have left or not. */
  deleting: string | undefined;
}

async function writeUntilKilled(said: Said, lines: number): Promise<void> {
  const writer = join(import.meta.dirname, "testing", "page-writer.ts");
  const child = spawn(process.execPath, [writer, folder, String(said.lastStep + 1)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  let seen = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    const [kind, name = "", step] = line.split(" ");
    if (kind === "step") said.lastStep = Number(name);
    else if (kind === "snapshot") said.snapshots.set(name, Number(step));
    else {
      said.snapshots.delete(name);
      said.deleting = name;
    }
    seen += 1;
    // It goes on meanwhile: the kill finds it anywhere.
    if (seen === lines) child.kill("SIGKILL");
  }
  expect((await exited)[1]).toBe("SIGKILL");
}

const startsOf = (ranges: readonly { readonly start: number; readonly end: number }[]): number[] =>
  ranges.flatMap(({ start, end }) =>
    Array.from({ length: (end - start) / pageBytes }, (_unused, index) => start / pageBytes + index),
  );

/** Every page of a view with its value; refuses pages that are torn, and zeros that count as written or the reverse. */
async function contentOf(view: PageView): Promise<Map<number, number>> {
  const words = new Uint32Array((historyPages * pageBytes) / 4);
  await view.read(0, new Uint8Array(words.buffer));
  const content = new Map<number, number>();
  for (let page = 0; page < historyPages; page += 1) {
    const values = new Set(words.subarray((page * pageBytes) / 4, ((page + 1) * pageBytes) / 4));
    expect(values.size).toBe(1);
    const [value = 0] = values;
    if (value !== 0) content.set(page, value);
  }
  expect(startsOf(view.listWritten())).toEqual([...content.keys()].sort((a, b) => a - b));
  return content;
}

/** Finds how far the volume came: the last step that was said, or the one under way. */
async function stepOf(volume: PageVolume, lastStep: number): Promise<number> {
  const content = await contentOf(volume);
  const isSame = (step: number): boolean => {
    const wanted = historyContent(step);
    return wanted.size === content.size && [...wanted].every(([page, value]) => content.get(page) === value);
  };
  const step = [lastStep, lastStep + 1].find(isSame);
  if (step === undefined) expect(content).toEqual(historyContent(lastStep));
  return step ?? lastStep;
}

function expectChanges(volume: PageVolume, snapshotId: string, from: number, to: number): void {
  const before = historyContent(from);
  const after = historyContent(to);
  const touched = new Set<number>();
  for (let number = from + 1; number <= to; number += 1) touched.add(historyStep(number).page);
  const pages = [...touched].sort((a, b) => a - b);
  const changes = volume.listChanges(snapshotId);
  expect(startsOf(changes?.written ?? [])).toEqual(pages.filter((page) => after.has(page)));
  expect(startsOf(changes?.cleared ?? [])).toEqual(pages.filter((page) => !after.has(page) && before.has(page)));
}

test("content, ranges, changes and snapshots are right after every kill", async () => {
  const said: Said = { lastStep: 0, snapshots: new Map(), deleting: undefined };
  for (const lines of [1, 2, 13, 30, 37, 41, 66, 97]) {
    await writeUntilKilled(said, lines);
    await using store = await openFilePageStore({ folder, isDurable: true });
    const volume = store.open("v");
    if (volume === undefined) throw new Error("the volume is gone");
    const step = await stepOf(volume, said.lastStep);
    for (const [id, at] of said.snapshots) {
      const view = volume.openSnapshot(id);
      expect(view === undefined ? "gone" : await contentOf(view)).toEqual(historyContent(at));
      expectChanges(volume, id, at, step);
    }
    // What the kill left of a snapshot or of a deletion that nobody was told of.
    const untold = volume.listSnapshots().filter((id) => !said.snapshots.has(id) && id !== said.deleting);
    expect(untold.length).toBeLessThanOrEqual(1);
    for (const id of untold) said.snapshots.set(id, said.lastStep);
    said.lastStep = step;
  }
});
