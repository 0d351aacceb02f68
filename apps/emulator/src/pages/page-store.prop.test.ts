import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openFilePageStore } from "./file-page-store.ts";
import { pageBytes } from "./page-map.ts";
import type { PageStore, PageVolume } from "./page-store.ts";

const pages = 40;

/** A page of the model: null where it was never written or was cleared. */
type Page = number | null;

class ModelVolume {
  present: Page[] = Array<Page>(pages).fill(null);
  touched = new Map<string, { written: Set<number>; cleared: Set<number> }>();
  snapshots = new Map<string, Page[]>();

  touch(page: number, value: Page): void {
    for (const change of this.touched.values()) {
      change.written.delete(page);
      change.cleared.delete(page);
      change[value === null ? "cleared" : "written"].add(page);
    }
    this.present[page] = value;
  }
}

type Step =
  | {
      readonly kind: "write" | "clear";
      readonly volume: number;
      readonly from: number;
      readonly count: number;
      readonly value: number;
    }
  | {
      readonly kind: "snapshot" | "delete-snapshot" | "clone" | "reopen";
      readonly volume: number;
      readonly pick: number;
    };

const span = { from: fc.nat(pages - 1), count: fc.integer({ min: 1, max: 12 }), volume: fc.nat(2) };
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constantFrom("write", "clear"), value: fc.integer({ min: 0, max: 255 }), ...span }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom("snapshot", "delete-snapshot", "clone", "reopen"),
      volume: fc.nat(2),
      pick: fc.nat(5),
    }),
  },
) as fc.Arbitrary<Step>;

function pagesOf(ranges: readonly { readonly start: number; readonly end: number }[]): Set<number> {
  const found = new Set<number>();
  for (const { start, end } of ranges) for (let at = start; at < end; at += pageBytes) found.add(at / pageBytes);
  return found;
}

const writtenPages = (content: readonly Page[]): Set<number> =>
  new Set(content.flatMap((value, page) => (value === null ? [] : [page])));

async function expectContent(
  view: { read(offset: number, target: Uint8Array): Promise<void>; listWritten(): { start: number; end: number }[] },
  content: readonly Page[],
): Promise<void> {
  const bytes = new Uint8Array(pages * pageBytes);
  await view.read(0, bytes);
  content.forEach((value, page) => {
    expect(bytes[page * pageBytes]).toBe(value ?? 0);
    expect(bytes[page * pageBytes + pageBytes - 1]).toBe(value ?? 0);
  });
  expect(pagesOf(view.listWritten())).toEqual(writtenPages(content));
}

async function expectVolume(volume: PageVolume, model: ModelVolume): Promise<void> {
  await expectContent(volume, model.present);
  expect(volume.listSnapshots()).toEqual([...model.snapshots.keys()]);
  for (const [id, content] of model.snapshots) {
    await expectContent(volume.openSnapshot(id)!, content);
    const changes = volume.listChanges(id)!;
    expect(pagesOf(changes.written)).toEqual(model.touched.get(id)!.written);
    // Only what had content before can be seen to be cleared.
    const before = writtenPages(content);
    expect(pagesOf(changes.cleared)).toEqual(model.touched.get(id)!.cleared.intersection(before));
  }
}

describe("the page store, against a model", () => {
  let folder: string;
  let store: PageStore;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "pages-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  async function apply(step: Step, models: ModelVolume[], reopen: () => Promise<void>): Promise<void> {
    const index = step.volume % models.length;
    const model = models[index]!;
    const volume = store.open(`v${index}`)!;
    if ("from" in step) {
      const end = Math.min(step.from + step.count, pages);
      const [start, length] = [step.from * pageBytes, (end - step.from) * pageBytes];
      if (step.kind === "write") await volume.write(start, new Uint8Array(length).fill(step.value));
      else await volume.clear({ start, end: start + length });
      for (let page = step.from; page < end; page += 1) model.touch(page, step.kind === "write" ? step.value : null);
      return;
    }
    const known = [...model.snapshots.keys()][step.pick % Math.max(1, model.snapshots.size)];
    if (step.kind === "snapshot") {
      const id = await volume.snapshot();
      model.snapshots.set(id, [...model.present]);
      model.touched.set(id, { written: new Set(), cleared: new Set() });
    } else if (step.kind === "delete-snapshot" && known !== undefined) {
      await volume.deleteSnapshot(known);
      model.snapshots.delete(known);
      model.touched.delete(known);
    } else if (step.kind === "clone" && known !== undefined && models.length < 3) {
      await store.clone(`v${models.length}`, { volumeId: `v${index}`, snapshotId: known });
      const clone = new ModelVolume();
      clone.present = [...model.snapshots.get(known)!];
      models.push(clone);
    } else if (step.kind === "reopen") await reopen();
  }

  test("keeps content, allocated and changed pages through any sequence of steps", async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(anyStep, { maxLength: 30 }), async (steps) => {
        run += 1;
        const options = { folder: join(folder, String(run)), isDurable: false };
        store = await openFilePageStore(options);
        await store.create("v0", pages * pageBytes);
        const models = [new ModelVolume()];
        for (const step of steps) {
          await apply(step, models, async () => {
            await store[Symbol.asyncDispose]();
            store = await openFilePageStore(options);
          });
          for (const [index, model] of models.entries()) await expectVolume(store.open(`v${index}`)!, model);
        }
        await store[Symbol.asyncDispose]();
      }),
      { numRuns: 40 },
    );
  });
});
