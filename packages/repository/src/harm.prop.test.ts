import { randomBytes } from "node:crypto";
import { HoldfastError, KiB, MiB, Secret } from "@holdfast/kernel";
import { FakeClock } from "@holdfast/kernel/testing";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { createRepository, InMemoryBlobStore, openRepository } from "./index.ts";
import { captureAll, openKeyed, pointOf, readAll, strongRandom } from "./testing/keyed-repository.ts";

const disks = { one: Buffer.concat([randomBytes(600 * KiB), Buffer.alloc(MiB)]), two: randomBytes(300 * KiB + 77) };
const damageCodes = /^repository\.(chunk|pack|index|manifest|config|store|key|object)\./;

let whole: ReadonlyMap<string, Uint8Array>;
beforeAll(async () => {
  const store = new InMemoryBlobStore();
  const points = await openKeyed(store);
  for (const [id, bytes] of Object.entries(disks))
    await points.publishPoint(pointOf(id, await captureAll(points, bytes)));
  whole = new Map(store.objects);
});

function copyOf(objects: ReadonlyMap<string, Uint8Array>): InMemoryBlobStore {
  const store = new InMemoryBlobStore();
  for (const [name, bytes] of objects) store.objects.set(name, Uint8Array.from(bytes));
  return store;
}

type Harm = (bytes: Uint8Array, at: number, other: Uint8Array) => Uint8Array | null;
const harms: Readonly<Record<string, Harm>> = {
  "one bit flipped": (bytes, at) => bytes.with(at, bytes[at]! ^ (1 << (at & 7))),
  "cut off": (bytes, at) => bytes.slice(0, at),
  "with bytes lost at its beginning": (bytes, at) => bytes.slice(at + 1),
  "grown by bytes": (bytes, at) => Buffer.concat([bytes, Buffer.alloc((at % 100) + 1, at)]),
  "with a block of zeros": (bytes, at) => Uint8Array.from(bytes).fill(0, at, at + 64),
  "in another's place": (_bytes, _at, other) => other,
  deleted: () => null,
};

/** Reads both points by what the repository itself lists; answers what was raised. Other bytes fail the test. */
async function readPoints(store: InMemoryBlobStore): Promise<unknown[]> {
  const raised: unknown[] = [];
  const points = await openKeyed(store);
  for (const [id, bytes] of Object.entries(disks)) {
    try {
      const point = await points.findPoint(id);
      if (point !== null) expect((await readAll(points, point.disks[0]!.image)).equals(bytes)).toBe(true);
    } catch (error) {
      if (!(error instanceof HoldfastError)) throw error;
      raised.push(error);
    }
  }
  return raised;
}

for (const kind of ["packs/", "index/", "points/"]) {
  describe(`an object under ${kind}`, () => {
    for (const [what, harm] of Object.entries(harms)) {
      test(`${what} is found, and no read gives other bytes`, async () => {
        await fc.assert(
          fc.asyncProperty(fc.nat(), fc.nat(1), async (place, which) => {
            const names = [...whole.keys()].filter((name) => name.startsWith(kind));
            const name = names[which]!;
            const bytes = whole.get(name)!;
            const harmed = harm(bytes, place % bytes.length, whole.get(names[1 - which]!)!);
            // A block of zeros may fall where zeros are.
            fc.pre(harmed === null || !Buffer.from(harmed).equals(bytes));
            const store = copyOf(whole);
            if (harmed === null) store.objects.delete(name);
            else store.objects.set(name, harmed);
            for (const error of await readPoints(store)) expect((error as HoldfastError).code).toMatch(damageCodes);
            const { findings, pointCount } = await (await openKeyed(store)).check();
            // No other object knows of a point, so one that is gone is only missing from the list.
            if (kind === "points/" && harmed === null) {
              expect(pointCount).toBe(1);
              return;
            }
            expect(findings).not.toEqual([]);
            // What a deleted index named is known from the points alone.
            if (kind !== "index/" || harmed !== null) expect(findings.map(({ object }) => object)).toContain(name);
            for (const { code } of findings) expect(code).toMatch(damageCodes);
          }),
          { numRuns: 12 },
        );
      });
    }
  });
}

test("a config with any byte changed opens as it was, or raises by name", async () => {
  const passphrase = new Secret("correct horse");
  const services = { random: strongRandom, clock: new FakeClock() };
  const made = new InMemoryBlobStore();
  const { id, recoveryKit } = await createRepository(made, { ...services, passphrase });
  const recoveryCode = new Secret(/Code: +(\S+)/.exec(recoveryKit)![1]!);
  const config = made.objects.get("config")!;
  await fc.assert(
    fc.asyncProperty(fc.nat(config.length - 1), fc.integer({ min: 1, max: 255 }), async (at, mask) => {
      const store = copyOf(made.objects);
      store.objects.set("config", config.with(at, config[at]! ^ mask));
      const opened = await openRepository(store, { ...services, recoveryCode }).catch((error: unknown) => error);
      if (opened instanceof HoldfastError)
        expect(opened.code).toMatch(/^repository\.(config\.damaged|key\.wrong-code)$/);
      else expect(opened).toMatchObject({ id });
    }),
    { numRuns: 300 },
  );
});
