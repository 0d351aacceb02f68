import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openFilePageStore } from "./file-page-store.ts";
import { pageBytes } from "./page-map.ts";
import type { PageStore, PageView } from "./page-store.ts";

let folder: string;
let store: PageStore;

const reopen = async (): Promise<void> => {
  await store[Symbol.asyncDispose]();
  store = await openFilePageStore({ folder, isDurable: false });
};

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "pages-"));
  store = await openFilePageStore({ folder, isDurable: false });
});
afterEach(async () => {
  await store[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const page = (value: number): Uint8Array => new Uint8Array(pageBytes).fill(value);

async function valueAt(view: PageView | undefined, at: number): Promise<number | undefined> {
  const bytes = new Uint8Array(pageBytes);
  await view?.read(at * pageBytes, bytes);
  return view === undefined ? undefined : bytes[0];
}

describe("a volume that shrank", () => {
  test("keeps the content of its larger snapshots when an older snapshot goes", async () => {
    const volume = await store.create("v", 8 * pageBytes);
    const first = await volume.snapshot();
    await volume.write(6 * pageBytes, page(7));
    const second = await volume.snapshot();
    await volume.write(7 * pageBytes, page(9));
    const third = await volume.snapshot();
    await volume.resize(4 * pageBytes);
    await volume.deleteSnapshot(second);

    const frozen = volume.openSnapshot(third);
    expect([await valueAt(frozen, 6), await valueAt(frozen, 7)]).toEqual([7, 9]);
    expect(frozen?.listWritten()).toEqual([{ start: 6 * pageBytes, end: 8 * pageBytes }]);
    expect(volume.listChanges(first, third)?.written).toEqual([{ start: 6 * pageBytes, end: 8 * pageBytes }]);
  });

  test("shows zeros where it grows again", async () => {
    const volume = await store.create("v", 8 * pageBytes);
    await volume.write(6 * pageBytes, page(7));
    await volume.resize(4 * pageBytes);
    await volume.resize(8 * pageBytes);
    await reopen();
    expect(await valueAt(store.open("v"), 6)).toBe(0);
    expect(store.open("v")?.listWritten()).toEqual([]);
  });
});

describe("a log with a damaged mark", () => {
  test("is cut off there, so that marks of later flushes are found again", async () => {
    const volume = await store.create("v", 8 * pageBytes);
    await volume.write(0, page(1));
    await volume.flush();
    await store[Symbol.asyncDispose]();
    const layers = join(folder, "layers");
    const log = join(
      layers,
      (await readdir(layers)).find((name) => name.endsWith(".log"))!,
    );
    // A power cut can leave the length of a record without its bytes.
    await writeFile(log, Buffer.concat([await readFile(log), Buffer.alloc(18)]));
    store = await openFilePageStore({ folder, isDurable: false });
    await store.open("v")?.write(2 * pageBytes, page(2));
    await store.open("v")?.flush();
    await reopen();

    expect([await valueAt(store.open("v"), 0), await valueAt(store.open("v"), 2)]).toEqual([1, 2]);
  });
});

test("a clone made while its snapshot is deleted has the whole content, or is refused", async () => {
  for (let round = 0; round < 20; round += 1) {
    const volume = await store.create(`v${round}`, 8 * pageBytes);
    await volume.write(0, page(1));
    const base = await volume.snapshot();
    await volume.write(0, page(2));
    const [cloned] = await Promise.allSettled([
      store.clone(`c${round}`, { volumeId: volume.id, snapshotId: base }),
      volume.deleteSnapshot(base),
    ]);
    if (cloned.status === "fulfilled") expect(await valueAt(cloned.value, 0)).toBe(1);
    else expect(store.open(`c${round}`)).toBeUndefined();
    expect(await valueAt(volume, 0)).toBe(2);
  }
});
