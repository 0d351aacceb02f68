import { MiB, Secret, hasErrorCode } from "@holdfast/kernel";
import { FakeClock } from "@holdfast/kernel/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { InMemoryBlobStore } from "../blob-store/in-memory-blob-store.ts";
import { createRepository, openRepository } from "../repository.ts";
import { captureAll, pointOf, readAll, strongRandom } from "../testing/keyed-repository.ts";
import { openKeyring } from "./keyring.ts";
import type { NewKeySlot } from "./keyring.ts";
import { removeKeySlot } from "./remove-key-slot.ts";
import type { Key } from "./unlock.ts";

const services = { random: strongRandom, clock: new FakeClock() };
const passphrase = new Secret("correct horse");
const consent = { hasConsent: true };
const careful = { hasConsent: false };

async function make() {
  const store = new InMemoryBlobStore();
  const { id, recoveryKit } = await createRepository(store, { ...services, passphrase });
  const recoveryCode = new Secret(/Code: +(\S+)/.exec(recoveryKit)![1]!);
  const open = (key: Key) => openKeyring(store, { ...services, ...key });
  return { store, id, recoveryCode, open };
}

function phrase(text: string, kdf?: "pbkdf2"): NewKeySlot {
  return {
    label: text,
    secret: { kind: "passphrase", passphrase: new Secret(text), ...(kdf === undefined ? {} : { kdf }) },
  };
}

/** Adds a set of shares and answers what is printed for each holder. */
async function addShares(ring: Awaited<ReturnType<typeof openKeyring>>, threshold: number, count: number) {
  let sheets: readonly string[] = [];
  const keepShares = async (made: readonly string[]): Promise<void> => void (sheets = made);
  const slot = await ring.add({ label: "board", secret: { kind: "shares", threshold, count, keepShares } });
  return { slot, shares: sheets.map((sheet) => new Secret(/Share: +(\S+)/.exec(sheet)![1]!)) };
}

const code = async (work: Promise<unknown>): Promise<string> =>
  await work.then(
    () => "done",
    (error: unknown) => (error as { code: string }).code,
  );

test("a new repository has a sound slot of each kind, and its config holds no key", async () => {
  const { store, open, recoveryCode } = await make();
  const ring = await open({ recoveryCode });
  const slots = await ring.list();
  expect(slots.map(({ kind, kdf, state }) => `${kind} ${kdf} ${state}`).toSorted()).toEqual([
    "passphrase argon2id sound",
    "recovery hkdf-sha256 sound",
  ]);
  expect(slots.filter(({ isOpener }) => isOpener).map(({ kind }) => kind)).toEqual(["recovery"]);
  expect(Object.keys(JSON.parse(Buffer.from(store.objects.get("config")!).toString()))).toEqual([
    "format",
    "version",
    "id",
  ]);
});

test("every kind of slot that is added opens the same data", async () => {
  const { store, open, id } = await make();
  const ring = await open({ passphrase });
  await using points = await openRepository(store, { ...services, passphrase });
  const disk = Buffer.alloc(MiB, "data");
  await points.publishPoint(pointOf("p1", await captureAll(points, disk)));
  await ring.add(phrase("a second one"));
  await ring.add(phrase("one for FIPS", "pbkdf2"));
  const { shares } = await addShares(ring, 2, 3);
  const keys: Key[] = [
    { passphrase: new Secret("a second one") },
    { passphrase: new Secret("one for FIPS") },
    { shares: shares.slice(1) },
  ];
  for (const key of keys) {
    await using reader = await openRepository(store, { ...services, ...key });
    expect(reader.id).toBe(id);
    const point = await reader.findPoint("p1");
    expect((await readAll(reader, point!.disks[0]!.image)).equals(disk)).toBe(true);
    expect((await reader.check()).findings).toEqual([]);
  }
});

test("shares that are too few, twice the same, mixed, mistyped or of a removed slot are told apart", async () => {
  const { open } = await make();
  const ring = await open({ passphrase });
  const { slot, shares } = await addShares(ring, 3, 5);
  const other = await addShares(ring, 3, 5);
  const tried = (given: readonly Secret[]) => code(open({ shares: given }));
  expect(await tried(shares.slice(0, 2))).toBe("repository.share.too-few");
  expect(await tried([shares[0]!, shares[0]!, shares[1]!])).toBe("repository.share.too-few");
  expect(await tried([])).toBe("repository.share.too-few");
  expect(await tried([shares[0]!, shares[1]!, other.shares[2]!])).toBe("repository.share.mixed");
  const mistyped = new Secret(shares[2]!.reveal().replace(/.$/, (last) => (last === "7" ? "8" : "7")));
  expect(await tried([shares[0]!, shares[1]!, mistyped])).toBe("repository.share.mistyped");
  expect(await tried([shares[4]!, shares[0]!, shares[2]!, shares[1]!])).toBe("done");
  const asTyped = shares.slice(0, 3).map((share) => new Secret(` ${share.reveal().toLowerCase().replace(/-/g, " ")}`));
  expect(await tried(asTyped)).toBe("done");
  await ring.remove(slot.id, careful);
  expect(await tried(shares)).toBe("repository.key.wrong-shares");
  expect(await code(addShares(ring, 1, 3))).toBe("repository.share.impossible");
  expect(await code(addShares(ring, 4, 3))).toBe("repository.share.impossible");
});

test("a slot whose secret could not be kept is not made", async () => {
  const { store, open } = await make();
  const ring = await open({ passphrase });
  const before = [...store.objects.keys()];
  const keepKit = () => Promise.reject(new Error("disk full"));
  await expect(ring.add({ label: "", secret: { kind: "recovery", keepKit } })).rejects.toThrow("disk full");
  expect([...store.objects.keys()]).toEqual(before);
});

test("removing refuses the last slot, one that nothing proves spare, and the last spare, and leaves no mark", async () => {
  const { store, open, recoveryCode } = await make();
  const ring = await open({ passphrase });
  const [kit] = (await ring.list()).filter(({ kind }) => kind === "recovery");
  expect(await code(ring.remove(kit!.id, careful))).toBe("repository.key.last-spare");
  expect(await code(ring.remove("00", consent))).toBe("repository.key.slot-unknown");
  await ring.add(phrase("another"));
  expect(await code(ring.remove(ring.openedBy, careful))).toBe("repository.key.unproven-removal");
  expect(store.objects.size).toBe(4);
  await ring.remove(kit!.id, careful);
  expect(await code(open({ recoveryCode }))).toBe("repository.key.wrong-code");
  await ring.remove(ring.openedBy, consent);
  const last = await open({ passphrase: new Secret("another") });
  expect(await code(last.remove(last.openedBy, consent))).toBe("repository.key.last-slot");
  expect(await last.list()).toMatchObject([{ state: "sound", isOpener: true }]);
  expect([...store.objects.keys()].filter((name) => name.startsWith("key-removals/"))).toEqual([]);
});

test("rotating puts a new secret in the place of an old one, also where it is the only slot", async () => {
  const { open, recoveryCode } = await make();
  const ring = await open({ passphrase });
  const [kit] = (await ring.list()).filter(({ kind }) => kind === "recovery");
  await ring.remove(kit!.id, consent);
  const added = await ring.rotate(ring.openedBy, phrase("newer"));
  expect(await code(open({ passphrase }))).toBe("repository.key.wrong-passphrase");
  expect(await code(open({ recoveryCode }))).toBe("repository.key.wrong-code");
  expect((await open({ passphrase: new Secret("newer") })).openedBy).toBe(added.id);
});

test("a damaged slot is named by check and list, counts for nothing, and can be removed", async () => {
  const { store, open } = await make();
  const ring = await open({ passphrase });
  await using points = await openRepository(store, { ...services, passphrase });
  const [kit] = (await ring.list()).filter(({ kind }) => kind === "recovery");
  const name = `keys/${kit!.id}`;
  const whole = store.objects.get(name)!;
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), async (at, mask) => {
      store.objects.set(name, whole.with(at, whole[at]! ^ mask));
      const { findings } = await points.check();
      expect(findings).toMatchObject([{ code: "repository.key-slot.damaged", object: name, pointIds: [] }]);
      expect((await ring.list()).filter(({ state }) => state === "damaged").map(({ id }) => id)).toEqual([kit!.id]);
    }),
  );
  expect(await code(ring.remove(ring.openedBy, consent))).toBe("repository.key.last-slot");
  await ring.remove(kit!.id, consent);
  expect((await points.check()).findings).toEqual([]);
});

test("a slot asking for absurd work, or hardly any, is refused before any work is done", async () => {
  const { store, open } = await make();
  const ring = await open({ passphrase });
  const name = `keys/${ring.openedBy}`;
  const whole = Buffer.from(store.objects.get(name)!).toString();
  for (const memory of [8, 64 * 1024 * 1024]) {
    store.objects.set(name, Buffer.from(whole.replace('"memoryKib":65536', `"memoryKib":${memory}`)));
    const refused = await open({ passphrase }).catch((error: unknown) => error);
    expect(refused).toMatchObject({
      code: "repository.key.wrong-passphrase",
      details: { damagedSlots: ring.openedBy },
    });
  }
});

test("in a store that lets nothing be deleted, a slot keeps opening, and is shown as leaving", async () => {
  const { store, open } = await make();
  const ring = await open({ passphrase });
  const added = await ring.add(phrase("third"));
  store.delete = () => Promise.reject(new Error("append-only"));
  expect(await code(ring.remove(added.id, careful))).toBe("repository.key.removal-stuck");
  expect((await ring.list()).find(({ id }) => id === added.id)).toMatchObject({ state: "leaving" });
  await open({ passphrase: new Secret("third") });
});

/** Lets calls of the store go one at a time, in an order that the test chooses. */
function interleave(store: InMemoryBlobStore, order: Iterator<number>) {
  const waiting: (() => void)[] = [];
  const wait = (): Promise<void> => new Promise((resolve) => waiting.push(resolve));
  const gated: InMemoryBlobStore = Object.create(store) as InMemoryBlobStore;
  for (const method of ["put", "get", "size", "delete"] as const)
    gated[method] = (async (...args: never[]) => {
      await wait();
      return await (store[method] as (...given: never[]) => Promise<unknown>).apply(store, args);
    }) as never;
  gated.list = async function* (...args) {
    await wait();
    yield* store.list(...args);
  };
  const run = async (works: readonly Promise<unknown>[]): Promise<PromiseSettledResult<unknown>[]> => {
    let isOver = false;
    const all = Promise.allSettled(works).finally(() => (isOver = true));
    while (!isOver) {
      await new Promise(setImmediate);
      if (waiting.length > 0) waiting.splice(order.next().value % waiting.length, 1)[0]!();
    }
    return await all;
  };
  return { gated, run };
}

test("removals at the same time never take the last slot, in whatever order their steps fall", async () => {
  const { store, open } = await make();
  const ring = await open({ passphrase });
  await ring.add(phrase("third"));
  const whole = new Map(store.objects);
  const ids = (await ring.list()).map(({ id }) => id);
  const { unlock } = await import("./unlock.ts");
  const { master } = await unlock(store, { passphrase });
  await fc.assert(
    fc.asyncProperty(fc.infiniteStream(fc.nat()), async (order) => {
      store.objects.clear();
      for (const [name, bytes] of whole) store.objects.set(name, bytes);
      const { gated, run } = interleave(store, order);
      const parts = { store: gated, master, random: strongRandom };
      const results = await run(ids.map((id) => removeKeySlot(parts, id, { proven: ids, leaveAtLeast: 1 })));
      const left = [...store.objects.keys()].filter((name) => name.startsWith("keys/"));
      expect(left.length).toBeGreaterThanOrEqual(1);
      expect(left.length).toBe(3 - results.filter(({ status }) => status === "fulfilled").length);
      for (const result of results)
        if (result.status === "rejected") expect(hasErrorCode(result.reason, "repository.key.last-slot")).toBe(true);
      expect([...store.objects.keys()].filter((name) => name.startsWith("key-removals/"))).toEqual([]);
    }),
    { numRuns: 60 },
  );
});

test("of two repositories made in one place at a time, one is whole and the other leaves nothing", async () => {
  const store = new InMemoryBlobStore();
  const made = await Promise.allSettled(
    ["one", "two"].map((text) => createRepository(store, { ...services, passphrase: new Secret(text) })),
  );
  expect(made.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  expect([...store.objects.keys()].map((name) => name.split("/")[0] ?? "").toSorted()).toEqual([
    "config",
    "keys",
    "keys",
  ]);
});

test("a repository whose config was stored though the store said it was there already keeps its slots", async () => {
  const store = new InMemoryBlobStore();
  const put = store.put.bind(store);
  store.put = async (name, bytes) => {
    await put(name, bytes);
    if (name === "config") await put(name, bytes);
  };
  await createRepository(store, { ...services, passphrase });
  expect(await (await openKeyring(store, { ...services, passphrase })).list()).toHaveLength(2);
});
