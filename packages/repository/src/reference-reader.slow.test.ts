import { execFile, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { KiB, MiB, Secret } from "@holdfast/kernel";
import { FakeClock } from "@holdfast/kernel/testing";
import { afterAll, beforeAll, expect, test as anyTest } from "vitest";
import { createFileBlobStore, createRepository, openRepository } from "./index.ts";
import { diskOf, pointOf, sha256, strongRandom } from "./testing/keyed-repository.ts";

const reader = fileURLToPath(new URL("../../../docs/format/reference/read_holdfast.py", import.meta.url));
const golden = fileURLToPath(new URL("../testdata/format-1", import.meta.url));
const services = { random: strongRandom, clock: new FakeClock() };

const hasReader = spawnSync("/usr/bin/python3", ["-I", "-c", "import cryptography"]).status === 0;
const test = anyTest.skipIf(!hasReader && process.env["CI"] !== "true");

let folder: string;
let repository: string;
let sums: Readonly<Record<string, string>>;
let keyFiles: Readonly<Record<"passphrase" | "kit", readonly [string, string]>>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-reader-"));
  repository = join(folder, "repository");
  const passphrase = new Secret("Grüße aus dem Feld");
  const store = createFileBlobStore(repository, strongRandom);
  const { recoveryKit } = await createRepository(store, { ...services, passphrase });
  // The reader must bring a passphrase to the normal form of the format itself.
  await writeFile(join(folder, "pass"), `${passphrase.reveal().normalize("NFD")}\n`);
  await writeFile(join(folder, "kit"), recoveryKit);
  keyFiles = {
    passphrase: ["--passphrase-file", join(folder, "pass")],
    kit: ["--recovery-code-file", join(folder, "kit")],
  };
  await using points = await openRepository(store, { ...services, passphrase });
  // Two levels of nodes, several packs, text that compresses and noise that does not, and an end off the grid.
  const first = Buffer.alloc(70 * MiB + 1234);
  randomBytes(20 * MiB).copy(first, 3 * MiB + 17);
  first.fill("text that compresses ", 40 * MiB, 45 * MiB);
  randomBytes(1000).copy(first, first.length - 1000);
  const full = await points.captureDisk({ source: diskOf(first), ranges: [{ start: 0, end: first.length }] });
  await points.publishPoint(pointOf("full", full.image));
  const second = Buffer.from(first);
  randomBytes(300 * KiB).copy(second, 66 * MiB);
  second.fill(0, 4 * MiB, 8 * MiB);
  const next = await points.captureDisk({
    source: diskOf(second),
    base: full.image,
    ranges: [{ start: 66 * MiB, end: 67 * MiB }],
    zeroRanges: [{ start: 4 * MiB, end: 8 * MiB }],
  });
  await points.publishPoint(pointOf("incremental", next.image));
  await points.publishPoint(pointOf("zeros", { ...next.image, rootId: null }));
  sums = { full: sha256(first), incremental: sha256(second), zeros: sha256(Buffer.alloc(second.length)) };
});

afterAll(async () => await rm(folder, { recursive: true }));

interface Ended {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the reader by Debian's own Python, with nothing of this project in its environment. */
async function read(...args: readonly string[]): Promise<Ended> {
  return await new Promise((resolve, reject) => {
    execFile("/usr/bin/python3", ["-I", reader, ...args], { env: {} }, (error, stdout, stderr) => {
      if (error !== null && typeof error.code !== "number") reject(error);
      else resolve({ exitCode: Number(error?.code ?? 0), stdout, stderr });
    });
  });
}

async function restored(where: string, key: readonly string[], pointId: string): Promise<string> {
  const out = join(folder, `${pointId}.raw`);
  await rm(out, { force: true });
  expect(await read(where, ...key, "restore", pointId, out)).toMatchObject({ exitCode: 0, stderr: "" });
  return sha256(await readFile(out));
}

test.each(["passphrase", "kit"] as const)("the reader restores every point bit for bit by the %s", async (by) => {
  for (const [id, sum] of Object.entries(sums)) expect(await restored(repository, keyFiles[by], id), id).toBe(sum);
  const listed = await read(repository, ...keyFiles[by], "points");
  expect(listed.stdout.match(/^\S+/gm)?.toSorted()).toEqual(Object.keys(sums).toSorted());
});

test("what it restores is a sparse file", async () => {
  await restored(repository, keyFiles.kit, "incremental");
  const { size, blocks } = await stat(join(folder, "incremental.raw"));
  expect([size, blocks * 512 < size / 2]).toEqual([70 * MiB + 1234, true]);
});

/** Every kind of key slot is in the golden repository. */
const goldenKeys: Readonly<Record<string, (note: string) => readonly (readonly [string, string])[]>> = {
  passphrase: (note) => [["--passphrase-file", /Passphrase: `(.+)`/.exec(note)![1]!]],
  "passphrase by PBKDF2": (note) => [["--passphrase-file", /PBKDF2 slot: `(.+)`/.exec(note)![1]!]],
  "recovery code": (note) => [["--recovery-code-file", /Recovery code: `(.+)`/.exec(note)![1]!]],
  shares: (note) =>
    /2 of 3: `(.+)`/
      .exec(note)![1]!
      .split("`, `")
      .slice(1)
      .map((share) => ["--share-file", share]),
};

test.each(Object.entries(goldenKeys))("the reader reads the golden repository by its %s", async (by, keysIn) => {
  const note = await readFile(join(golden, "../format-1.md"), "utf8");
  const options: string[] = [];
  for (const [i, [option, text]] of keysIn(note).entries()) {
    const file = join(folder, `golden ${by} ${i}`);
    await writeFile(file, text);
    options.push(option, file);
  }
  for (const [, id, sum] of note.matchAll(/Point `(\S+)`.*`([0-9a-f]{64})`/g))
    expect(await restored(golden, options, id!), id).toBe(sum);
});

const verified = (where: string): Promise<Ended> => read(where, ...keyFiles.kit, "verify");

test.each([
  ["packs/", 24, "its seal is broken"],
  ["index/", 60, "its seal is broken"],
  ["points/full", 60, "its seal is broken"],
])("a changed byte in %s is named", async (prefix, at, reason) => {
  const { copy, name } = await copyWith(prefix);
  const bytes = await readFile(join(copy, name));
  bytes[at]! ^= 1;
  await writeFile(join(copy, name), bytes);
  const { exitCode, stderr } = await verified(copy);
  expect(exitCode).toBe(21);
  expect(stderr).toContain(`damaged: ${name}`);
  expect(stderr).toContain(reason);
});

test.each(["packs/", "index/", "points/full"])("a torn object of %s is named", async (prefix) => {
  const { copy, name } = await copyWith(prefix);
  await truncate(join(copy, name), 30);
  const { exitCode, stderr } = await verified(copy);
  expect([exitCode, stderr]).toEqual([21, expect.stringMatching(new RegExp(`damaged: ${name}.*cut off`))]);
});

test("a pack that is gone is named, and a wrong key is refused", async () => {
  const { copy, name } = await copyWith("packs/");
  await rm(join(copy, name));
  expect(await verified(copy)).toMatchObject({ exitCode: 21, stderr: expect.stringContaining(`damaged: ${name}`) });
  await writeFile(join(folder, "wrong"), "another passphrase");
  const refused = await read(repository, "--passphrase-file", join(folder, "wrong"), "points");
  expect(refused).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("does not open") });
});

test("a point that is deleted is shown as such, left out of verify, and restored with a warning", async () => {
  const { copy } = await copyWith("points/full");
  await mkdir(join(copy, "deleted"));
  await writeFile(join(copy, "deleted", "full"), "");
  expect((await read(copy, ...keyFiles.kit, "points")).stdout).toMatch(/^full .*\(deleted\)$/m);
  expect((await verified(copy)).stdout).not.toContain("full ");
  const out = join(folder, "deleted.raw");
  const { exitCode, stderr } = await read(copy, ...keyFiles.kit, "restore", "full", out);
  expect([exitCode, stderr]).toEqual([0, expect.stringContaining("point full is deleted")]);
  expect(sha256(await readFile(out))).toBe(sums["full"]);
});

test("a repository whose config is torn can still be read: the key slot says which one it is", async () => {
  const { copy } = await copyWith("config");
  await truncate(join(copy, "config"), 30);
  const out = join(folder, "torn-config.raw");
  const { exitCode, stderr } = await read(copy, ...keyFiles.kit, "restore", "full", out);
  expect([exitCode, stderr]).toEqual([21, expect.stringContaining("damaged: config")]);
  expect(sha256(await readFile(out))).toBe(sums["full"]);
});

/** A copy of the repository, and the largest object there under a prefix. */
async function copyWith(prefix: string): Promise<{ copy: string; name: string }> {
  const copy = join(folder, "copy");
  await rm(copy, { recursive: true, force: true });
  await cp(repository, copy, { recursive: true });
  let name = "";
  let largest = -1;
  for (const entry of await readdir(copy, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name).slice(copy.length + 1);
    if (!entry.isFile() || !path.startsWith(prefix)) continue;
    const { size } = await stat(join(copy, path));
    if (size > largest) [name, largest] = [path, size];
  }
  return { copy, name };
}
