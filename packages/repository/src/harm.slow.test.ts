import { HoldfastError, Secret } from "@holdfast/kernel";
import { FakeClock, SeededRandom } from "@holdfast/kernel/testing";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { createRepository, InMemoryBlobStore, openRepository } from "./index.ts";
import { captureAll, pointOf, strongRandom } from "./testing/keyed-repository.ts";
import { copyOf, harmOne, harms, makeWholeRepository, objectKinds } from "./testing/torture/harm-objects.ts";
import type { WholeRepository } from "./testing/torture/harm-objects.ts";

let whole: WholeRepository;
beforeAll(async () => {
  whole = await makeWholeRepository(new SeededRandom(20_260_101));
});

for (const kind of objectKinds) {
  describe(`an object under ${kind}`, () => {
    for (const harm of Object.keys(harms)) {
      test(`${harm} is found, and no read gives other bytes`, async () => {
        await fc.assert(
          fc.asyncProperty(fc.nat(), fc.constantFrom(0 as const, 1 as const), async (place, which) => {
            fc.pre(await harmOne(whole, { kind, harm, place, which }));
          }),
          { numRuns: 6 },
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
        expect(opened.code).toMatch(/^repository\.(config\.(damaged|other-version)|key\.wrong-code)$/);
      else expect(opened).toMatchObject({ id });
    }),
    { numRuns: 300 },
  );
});

test("a repository opens without its config, by any slot, and check says so until a heal writes it again", async () => {
  const passphrase = new Secret("correct horse");
  const services = { random: strongRandom, clock: new FakeClock() };
  const made = new InMemoryBlobStore();
  const { id, recoveryKit } = await createRepository(made, { ...services, passphrase });
  const recoveryCode = new Secret(/Code: +(\S+)/.exec(recoveryKit)![1]!);
  {
    await using points = await openRepository(made, { ...services, recoveryCode });
    await points.publishPoint(pointOf("p1", await captureAll(points, Buffer.alloc(1000, 1))));
  }
  const whole = made.objects.get("config")!;
  const harmed = [
    null,
    whole.slice(0, 20),
    new Uint8Array(),
    Buffer.from(String(Buffer.from(whole)).replace(id, "5f0c9a36-6a1c-4e6b-9d7a-6f6f1f0e2c11")),
  ];
  for (const config of harmed) {
    if (config === null) made.objects.delete("config");
    else made.objects.set("config", config);
    await expect(createRepository(made, { ...services, passphrase })).rejects.toMatchObject({
      code: "repository.store.exists",
    });
    await using points = await openRepository(made, { ...services, recoveryCode });
    expect(points.id).toBe(id);
    expect((await points.check()).findings).toMatchObject([{ code: "repository.config.damaged", pointIds: [] }]);
    expect(await points.heal([])).toMatchObject({ isConfigHealed: true, unhealed: [] });
    expect(made.objects.get("config")).toEqual(new Uint8Array(whole));
    expect((await points.check()).findings).toEqual([]);
  }
  made.objects.set("config", Buffer.from(String(Buffer.from(whole)).replace('"version":1', '"version":2')));
  await expect(openRepository(made, { ...services, recoveryCode })).rejects.toMatchObject({
    code: "repository.config.other-version",
  });
});
