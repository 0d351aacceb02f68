import { HoldfastError, KiB, MiB } from "@holdfast/kernel";
import { SeededRandom } from "@holdfast/kernel/testing";
import { InMemoryBlobStore } from "../../blob-store/in-memory-blob-store.ts";
import { encodeKeySlot, keySlotName } from "../../keys/key-slot.ts";
import { captureAll, openKeyed, pointOf, readAll, testKeys } from "../keyed-repository.ts";
import { below, choose, createTally, seedOf } from "./harm-result.ts";
import type { HarmOptions, HarmResult } from "./harm-result.ts";

type Harm = (bytes: Uint8Array, at: number, other: Uint8Array) => Uint8Array | null;

/** What can happen to an object in a store. */
export const harms: Readonly<Record<string, Harm>> = {
  "one bit flipped": (bytes, at) => bytes.with(at, bytes[at]! ^ (1 << (at & 7))),
  "cut off": (bytes, at) => bytes.slice(0, at),
  "with bytes lost at its beginning": (bytes, at) => bytes.slice(at + 1),
  "grown by bytes": (bytes, at) => Buffer.concat([bytes, Buffer.alloc((at % 100) + 1, at)]),
  "with a block of zeros": (bytes, at) => Uint8Array.from(bytes).fill(0, at, at + 64),
  "with another's bytes from there on": (bytes, at, other) =>
    Buffer.concat([bytes.subarray(0, at), other.subarray(at)]),
  "in another's place": (_bytes, _at, other) => other,
  deleted: () => null,
};

/** Codes by which damage is named. */
export const damageCodes = /^repository\.(chunk|pack|index|manifest|config|store|key|key-slot|object)\./;

export const objectKinds = ["packs/", "index/", "points/", "keys/"] as const;

/** Key slots name the repository by its UUID. */
const keys = { ...testKeys, repositoryId: "5f0c9a36-6a1c-4e6b-9d7a-6f6f1f0e2c11" };
const open = (store: InMemoryBlobStore) => openKeyed(store, undefined, keys);

/** A whole repository of two points, to be harmed in copies. */
export interface WholeRepository {
  readonly disks: Readonly<Record<string, Buffer>>;
  readonly objects: ReadonlyMap<string, Uint8Array>;
}

export async function makeWholeRepository(random: SeededRandom): Promise<WholeRepository> {
  const disks = {
    one: Buffer.concat([random.bytes(600 * KiB), Buffer.alloc(MiB)]),
    two: Buffer.from(random.bytes(300 * KiB + 77)),
  };
  const store = new InMemoryBlobStore();
  const points = await open(store);
  for (const [id, bytes] of Object.entries(disks))
    await points.publishPoint(pointOf(id, await captureAll(points, bytes)));
  for (const label of ["kit one", "kit two"]) {
    const id = Buffer.from(random.bytes(16)).toString("hex");
    const salt = Buffer.from(random.bytes(16)).toString("base64");
    const kdf = { name: "hkdf-sha256" } as const;
    const { repositoryId: repository, master } = keys;
    const header = { format: "holdfast-key-slot", version: 1, repository, kind: "recovery", label } as const;
    const slot = encodeKeySlot(id, { ...header, createdAtMs: 1, salt, kdf }, { key: random.bytes(32), master });
    store.objects.set(keySlotName(id), slot);
  }
  return { disks, objects: new Map(store.objects) };
}

export function copyOf(objects: ReadonlyMap<string, Uint8Array>): InMemoryBlobStore {
  const store = new InMemoryBlobStore();
  for (const [name, bytes] of objects) store.objects.set(name, Uint8Array.from(bytes));
  return store;
}

export interface OneHarm {
  readonly kind: (typeof objectKinds)[number];
  readonly harm: string;
  /** Any whole number; it is taken modulo the object's length. */
  readonly place: number;
  readonly which: 0 | 1;
}

/**
 * Harms one object in a copy of the repository, and raises unless the check names it and no read gives other bytes. Answers
 * false where the harm changed nothing.
 */
export async function harmOne(whole: WholeRepository, { kind, harm, place, which }: OneHarm): Promise<boolean> {
  const names = [...whole.objects.keys()].filter((name) => name.startsWith(kind));
  const name = names[which]!;
  const bytes = whole.objects.get(name)!;
  const harmed = harms[harm]!(bytes, place % bytes.length, whole.objects.get(names[1 - which]!)!);
  if (harmed !== null && Buffer.from(harmed).equals(bytes)) return false;
  const store = copyOf(whole.objects);
  if (harmed === null) store.objects.delete(name);
  else store.objects.set(name, harmed);
  for (const code of await readPoints(store, whole.disks))
    if (!damageCodes.test(code)) throw new Error(`reading raised ${code}`);
  const { findings, pointCount } = await (await open(store)).check();
  for (const { code } of findings) if (!damageCodes.test(code)) throw new Error(`the check raised ${code}`);
  // No other object knows of a point or of a slot, so one that is gone is only missing from the list.
  if (harmed === null && (kind === "points/" || kind === "keys/")) {
    if (kind === "points/" && pointCount !== 1)
      throw new Error(`${pointCount} points are listed where one was deleted`);
    return true;
  }
  if (findings.length === 0) throw new Error(`the check found nothing wrong with ${name}`);
  // What a deleted index named is known from the points alone.
  const isNamed = (kind === "index/" && harmed === null) || findings.some(({ object }) => object === name);
  if (!isNamed) throw new Error(`the check does not name ${name}: ${findings.map(({ object }) => object).join(", ")}`);
  return true;
}

/** Reads both points by what the repository itself lists; answers the codes that were raised. Other bytes raise. */
async function readPoints(store: InMemoryBlobStore, disks: WholeRepository["disks"]): Promise<string[]> {
  const raised: string[] = [];
  const points = await open(store);
  for (const [id, bytes] of Object.entries(disks)) {
    try {
      const point = await points.findPoint(id);
      if (point !== null && !(await readAll(points, point.disks[0]!.image)).equals(bytes))
        throw new RangeError(`point ${id} was read with other bytes`);
    } catch (error) {
      if (!(error instanceof HoldfastError)) throw error;
      raised.push(error.code);
    }
  }
  return raised;
}

/**
 * By turns: one bit of the next byte of an object, so that a long run comes to every byte of indexes and points; and a random
 * harm to a random object. Half of the random places are near an object's ends, where its structure is.
 */
export async function harmObjects({ seed, count }: HarmOptions): Promise<HarmResult> {
  const tally = createTally("harm to objects", seed);
  const whole = await makeWholeRepository(new SeededRandom(seed));
  for (let i = 0; i < count; i += 1) {
    const one = i % 2 === 0 ? nextByte(seed + i) : randomHarm(whole, new SeededRandom(seedOf(seed, i)));
    await tally.expect(`${JSON.stringify(one)} (harm ${i})`, async () => {
      tally.count((await harmOne(whole, one)) ? `${one.kind.slice(0, -1)}: ${one.harm}` : "unchanged");
    });
  }
  return tally.result();
}

function nextByte(number: number): OneHarm {
  const step = Math.floor(number / 2);
  const kind = objectKinds[step % objectKinds.length]!;
  const place = Math.floor(step / objectKinds.length);
  return { kind, harm: "one bit flipped", place: Math.floor(place / 2), which: (place % 2) as 0 | 1 };
}

function randomHarm(whole: WholeRepository, random: SeededRandom): OneHarm {
  const [kind, harm] = [choose(random, objectKinds), choose(random, Object.keys(harms))];
  const which = below(random, 2) as 0 | 1;
  const length = [...whole.objects].filter(([name]) => name.startsWith(kind))[which]![1].length;
  const near = below(random, 256);
  const far = below(random, length);
  return { kind, harm, which, place: choose(random, [near, length * 256 - 1 - near, far, far]) };
}
