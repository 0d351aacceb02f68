import { argv, stdout } from "node:process";
import { Secret } from "@holdfast/kernel";
import { createFileBlobStore } from "../blob-store/file-blob-store.ts";
import { openKeyring } from "../keys/keyring.ts";
import { createRepository, openRepository } from "../repository.ts";
import { firstGoldenDisk, secondGoldenDisk } from "./golden-disks.ts";
import { diskOf, pointOf, sha256, strongRandom } from "./keyed-repository.ts";

// node packages/repository/src/testing/make-golden-repository.ts FOLDER
// Run once for each format version, into a folder that is not there; what it made is kept for ever.
const [, , folder = ""] = argv;
// No beats: the repository holds nothing that depends on how long this took.
const clock = { now: () => 0, monotonicMs: () => 0, sleep: () => new Promise<void>(() => {}) };
const passphrase = new Secret("golden passphrase");
const store = createFileBlobStore(folder, strongRandom);
const { recoveryKit } = await createRepository(store, { passphrase, random: strongRandom, clock });
const ring = await openKeyring(store, { passphrase, random: strongRandom, clock });
const pbkdf2 = { kind: "passphrase", passphrase: new Secret("golden passphrase for FIPS"), kdf: "pbkdf2" } as const;
await ring.add({ label: "golden, FIPS", secret: pbkdf2 });
const keepShares = async (sheets: readonly string[]): Promise<void> => void stdout.write(sheets.join("\n"));
await ring.add({ label: "golden shares", secret: { kind: "shares", threshold: 2, count: 3, keepShares } });
await using points = await openRepository(store, { passphrase, random: strongRandom, clock });
const first = firstGoldenDisk();
const full = await points.captureDisk({ source: diskOf(first), ranges: [{ start: 0, end: first.length }] });
await points.publishPoint(pointOf("golden-full", full.image));
const second = secondGoldenDisk();
const changed = await points.captureDisk({
  source: diskOf(second),
  base: full.image,
  ranges: [{ start: 900_000, end: 900_500 }],
  zeroRanges: [{ start: 0, end: 256 * 1024 }],
});
await points.publishPoint(pointOf("golden-incremental", changed.image));
stdout.write(`${recoveryKit}\n${sha256(first)} golden-full\n${sha256(second)} golden-incremental\n`);
