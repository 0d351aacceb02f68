import { HoldfastError, Secret } from "@holdfast/kernel";
import { FakeClock, SeededRandom } from "@holdfast/kernel/testing";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { createRepository, InMemoryBlobStore, openRepository } from "./index.ts";
import { strongRandom } from "./testing/keyed-repository.ts";
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
        expect(opened.code).toMatch(/^repository\.(config\.damaged|key\.wrong-code)$/);
      else expect(opened).toMatchObject({ id });
    }),
    { numRuns: 300 },
  );
});
