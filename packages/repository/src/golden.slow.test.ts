import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Secret } from "@holdfast/kernel";
import { FakeClock } from "@holdfast/kernel/testing";
import { expect, test } from "vitest";
import { createFileBlobStore, openRepository } from "./index.ts";
import { firstGoldenDisk, secondGoldenDisk } from "./testing/golden-disks.ts";
import { readAll, sha256, strongRandom } from "./testing/keyed-repository.ts";

const folder = fileURLToPath(new URL("../testdata/format-1", import.meta.url));
const services = { random: strongRandom, clock: new FakeClock() };
const keys = {
  passphrase: { passphrase: new Secret("golden passphrase") },
  "passphrase by PBKDF2": { passphrase: new Secret("golden passphrase for FIPS") },
  "recovery code": {
    recoveryCode: new Secret("KHW0-JZWS-ERTV-44CS-ZE4E-AFHM-MKXB-NEP5-ZWAE-2YB3-332M-EDJ1-4VNB-33H7"),
  },
  shares: {
    shares: [
      new Secret("28P9-M7TK-079P-T0G3-6220-V1TP-F76H-ZAZA-4A5Q-7EMP-66QN-DXFK-WRE0-KM3V-C2S3-4CZ5-1Z8X-VWF0"),
      new Secret("28P9-M7TK-079P-T0G1-TKWT-KNV7-TXVA-XZR4-W4VH-4N7Y-62TV-6SSD-YGZC-6H8T-EPF2-Q6VD-36JK-SJST"),
    ],
  },
};
const sums = {
  "golden-full": "a7c17cdf755d2ec5b88c4d872f6cf3eb51f055100fbbf2e6276a595b1dd01f9a",
  "golden-incremental": "6c967da8b023887f78b008c610732aadf52fb71893904e68b800e21bf5174232",
};

const filesOf = async (path: string): Promise<string[]> =>
  (await readdir(path, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(path.length + 1))
    .toSorted();

for (const [what, key] of Object.entries(keys)) {
  test(`the repository of format version 1 opens by its ${what}, checks clean and restores`, async () => {
    const before = await filesOf(folder);
    await using points = await openRepository(createFileBlobStore(folder, strongRandom), { ...services, ...key });
    expect(points.id).toBe("a9bfddf3-cc73-4814-917f-c1ca6895df72");
    const found = await points.listPoints();
    const read = await Promise.all(
      found.map(async ({ id, disks }) => [id, sha256(await readAll(points, disks[0]!.image))] as const),
    );
    expect(Object.fromEntries(read)).toEqual(sums);
    expect(await points.check()).toMatchObject({ pointCount: 2, findings: [], orphanPackCount: 0 });
    expect(await filesOf(folder)).toEqual(before);
  });
}

test("the disks of the golden repository are those whose sums are kept", () => {
  expect([sha256(firstGoldenDisk()), sha256(secondGoldenDisk())]).toEqual(Object.values(sums));
});

test("a copy of it with one bit changed in any file has the verdict of that file", async () => {
  const copy = await mkdtemp(join(tmpdir(), "holdfast-golden-"));
  try {
    for (const name of (await filesOf(folder)).filter((file) => file !== "config")) {
      await cp(folder, copy, { recursive: true, force: true });
      const bytes = await readFile(join(copy, name));
      bytes[60]! ^= 1;
      await writeFile(join(copy, name), bytes);
      await using points = await openRepository(createFileBlobStore(copy, strongRandom), {
        ...services,
        ...(bytes.includes('"kind":"recovery"') ? keys.shares : keys["recovery code"]),
      });
      const { findings } = await points.check();
      const code = { packs: "chunk", index: "index", points: "manifest", keys: "key-slot" }[name.split("/")[0]!];
      expect(findings).toContainEqual(expect.objectContaining({ code: `repository.${code}.damaged`, object: name }));
    }
  } finally {
    await rm(copy, { recursive: true });
  }
});
