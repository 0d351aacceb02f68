import { expect, test } from "vitest";
import { cutPower } from "./cut-power.ts";
import { whyNoMounts } from "./mounted-disk.ts";

// The short form of `npm run torture -- --only power`.
const missing = await whyNoMounts();
const because = missing === null ? "" : ` (left out: ${missing})`;

test.skipIf(missing !== null)(`power cuts lose no acknowledged point or entry${because}`, async () => {
  const { did, losses } = await cutPower({ seed: 20_260_101, count: 12 });
  expect(losses).toEqual([]);
  expect(did).toMatchObject({ "cuts under a repository": 9, "cuts under a catalog": 3 });
});

test.skipIf(missing !== null)(`a disk that lies about flushes is found out${because}`, async () => {
  const { losses } = await cutPower({ seed: 20_260_102, count: 6 }, { isLying: true });
  expect(losses).not.toEqual([]);
});
