import { HoldfastError, KiB } from "@holdfast/kernel";
import { SeededRandom } from "@holdfast/kernel/testing";
import type { DiskImage } from "@holdfast/domain";
import { storeFull } from "../../blob-store/blob-store.ts";
import type { BlobStore } from "../../blob-store/blob-store.ts";
import { InMemoryBlobStore } from "../../blob-store/in-memory-blob-store.ts";
import { diskOf, openKeyed, pointOf, readAll } from "../keyed-repository.ts";
import { below, choose, createTally, seedOf } from "./harm-result.ts";
import type { HarmOptions, HarmResult } from "./harm-result.ts";

class Broken extends Error {}

/** What a store does wrong, now and then. */
interface Ills {
  /** Of all calls, how many suffer something. */
  readonly share: number;
  isOn: boolean;
}

/** A store that fails before or after it acted, is slow, is full, and lists names that it has late. */
function breakStore(
  store: InMemoryBlobStore,
  random: SeededRandom,
  ills: Ills,
  count: (kind: string) => void,
): BlobStore {
  let lately: string[] = [];
  const suffer = async <T>(name: string, act: () => Promise<T>): Promise<T> => {
    if (!ills.isOn || random.fraction() >= ills.share) return await act();
    const ill = choose(random, ["fails before", "fails after", "is slow", ...(name === "put" ? ["is full"] : [])]);
    count(`${name} ${ill}`);
    if (ill === "fails before") throw new Broken(`${name} failed`);
    if (ill === "is full") throw storeFull("object", new Broken("no room"));
    if (ill === "is slow") for (let i = below(random, 20); i > 0; i -= 1) await new Promise(setImmediate);
    const answer = await act();
    if (ill === "fails after") throw new Broken(`the answer to ${name} was lost`);
    return answer;
  };
  return {
    put: (name, bytes, options) =>
      suffer("put", async () => {
        await store.put(name, bytes, options);
        lately = [...lately.slice(-2), name];
      }),
    get: (...call) => suffer("get", () => store.get(...call)),
    size: (...call) => suffer("size", () => store.size(...call)),
    delete: (...call) => suffer("delete", () => store.delete(...call)),
    async *list(prefix, options) {
      const names = await suffer("list", () => Array.fromAsync(store.list(prefix, options)));
      const isStale = ills.isOn && random.fraction() < ills.share;
      if (isStale) count("list without the latest names");
      for (const name of names) if (!isStale || !lately.includes(name)) yield name;
    },
  };
}

/**
 * Captures to a broken store, again and again, in several processes' stead, and opens it anew where an error asks for
 * it. In the end, with the store sound: every point that was acknowledged is whole, the check is clean, and captures go on.
 */
async function breakOne(seed: number, count: (kind: string) => void): Promise<void> {
  const random = new SeededRandom(seed);
  const store = new InMemoryBlobStore();
  const ills: Ills = { share: 0.02 + random.fraction() * 0.2, isOn: true };
  const broken = breakStore(store, random, ills, count);
  const published = new Map<string, Buffer>();
  const disk = Buffer.from(random.bytes(700 * KiB));
  let base: DiskImage | undefined;
  let points: Awaited<ReturnType<typeof openKeyed>> | undefined;
  for (let i = 0; i < 12; i += 1) {
    const start = below(random, disk.length - 5000);
    Buffer.from(random.bytes(5000)).copy(disk, start);
    try {
      points ??= await openKeyed(broken);
      const id = `p${i}`;
      const isAnother = random.fraction() < 0.3;
      const ranges = [base === undefined || isAnother ? { start: 0, end: disk.length } : { start, end: start + 5000 }];
      const capture = { source: diskOf(disk), ranges, ...(base === undefined || isAnother ? {} : { base }) };
      const { image } = await points.captureDisk(capture);
      await points.publishPoint(pointOf(id, image));
      published.set(id, Buffer.from(disk));
      base = image;
    } catch (error) {
      if (!(error instanceof Broken || error instanceof HoldfastError)) throw error;
      if (error instanceof HoldfastError && error.kind !== "failure") throw error;
      // What was written in this round is in no base: the next capture reads all.
      base = undefined;
      if (random.fraction() < 0.5) points = undefined;
    }
  }
  ills.isOn = false;
  await expectPoints(store, published);
  count("repositories");
}

/** Raises unless every point is there, reads as it was, and the check finds nothing. */
export async function expectPoints(store: BlobStore, published: ReadonlyMap<string, Buffer>): Promise<void> {
  const points = await openKeyed(store);
  for (const [id, bytes] of published) {
    const point = await points.findPoint(id);
    if (point === null) throw new Error(`point ${id} was acknowledged and is gone`);
    if (!(await readAll(points, point.disks[0]!.image)).equals(bytes)) throw new Error(`point ${id} has other bytes`);
  }
  const { findings } = await points.check();
  if (findings.length > 0) throw new Error(`the check finds ${JSON.stringify(findings)}`);
}

/** Runs captures over broken stores, each with its own faults. */
export async function breakStores({ seed, count }: HarmOptions): Promise<HarmResult> {
  const tally = createTally("broken stores", seed);
  for (let i = 0; i < count; i += 1) {
    const own = seedOf(seed, i);
    await tally.expect(`store ${i} (its own seed ${own})`, () => breakOne(own, tally.count));
  }
  return tally.result();
}
