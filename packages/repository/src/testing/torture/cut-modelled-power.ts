import { KiB } from "@holdfast/kernel";
import { SeededRandom } from "@holdfast/kernel/testing";
import { createFileBlobStore } from "../../blob-store/file-blob-store.ts";
import type { BlobStore } from "../../blob-store/blob-store.ts";
import type { FileAccess } from "../../blob-store/file-blob-store.ts";
import { captureAll, openKeyed, pointOf } from "../keyed-repository.ts";
import { expectPoints } from "./break-stores.ts";
import { below, createTally, seedOf } from "./harm-result.ts";
import type { HarmOptions, HarmResult } from "./harm-result.ts";
import { createVolatileFiles, PowerOff } from "./volatile-files.ts";
import type { VolatileFiles } from "./volatile-files.ts";

const root = "/repository";
/** A capture of one of these disks makes about 60 calls to the file system, the first some more. */
const longestLifeCalls = 220;

/** Takes something from the file system, such as its syncs: the harm must then show. */
type Spoil = (files: FileAccess) => FileAccess;

/** Captures until the power goes; adds what it was told is published. */
async function captureUntilCut(
  disk: VolatileFiles,
  random: SeededRandom,
  { published, spoil }: { readonly published: Map<string, Buffer>; readonly spoil: Spoil },
): Promise<void> {
  const lastCall = disk.calls() + below(random, longestLifeCalls);
  const files = new Proxy(spoil(disk.files), {
    get(target, property, receiver) {
      const value: unknown = Reflect.get(target, property, receiver);
      return async (...args: unknown[]) => {
        if (disk.calls() >= lastCall) disk.kill();
        return await (value as (...all: unknown[]) => unknown).apply(target, args);
      };
    },
  });
  const store: BlobStore = createFileBlobStore(root, random, files);
  try {
    const points = await openKeyed(store);
    for (;;) {
      const bytes = Buffer.from(random.bytes(5 * KiB));
      const id = `p${published.size}-${below(random, 1e9)}`;
      await points.publishPoint(pointOf(id, await captureAll(points, bytes)));
      published.set(id, bytes);
    }
  } catch (error) {
    if (!isPowerOff(error)) throw error;
  }
}

function isPowerOff(error: unknown): boolean {
  return error instanceof PowerOff || (error instanceof Error && isPowerOff(error.cause));
}

/**
 * Cuts the power of a modelled file system between any two of its calls, again and again, and looks at all of the
 * repository after each cut. Weaker than real file systems in what it keeps, so a pass here does not rest on their order.
 */
export async function cutModelledPower(
  { seed, count }: HarmOptions,
  spoil: Spoil = (files) => files,
): Promise<HarmResult> {
  const tally = createTally("modelled power cuts", seed);
  let disk = createVolatileFiles();
  let published = new Map<string, Buffer>();
  for (let i = 0; i < count; i += 1) {
    if (i % 20 === 0) [disk, published] = [createVolatileFiles(), new Map()];
    const random = new SeededRandom(seedOf(seed, i));
    await tally.expect(`cut ${i}`, async () => {
      const before = published.size;
      await captureUntilCut(disk, random, { published, spoil });
      disk = disk.cut(random);
      await expectPoints(createFileBlobStore(root, random, disk.files), published);
      tally.count(
        published.size === before ? "cuts before a point was acknowledged" : "cuts after acknowledged points",
      );
    });
  }
  return tally.result();
}
