import { randomBytes, randomUUID } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { RecoveryPoint } from "@holdfast/domain";
import { MiB, Secret } from "@holdfast/kernel";
import { createRepository, InMemoryBlobStore, openRepository } from "@holdfast/repository";
import { holdfastCommand } from "./holdfast-command.ts";
import { measureCommand } from "./measure-command.ts";
import type { OwnWork } from "./own-work.ts";
import { realClock } from "./real-clock.ts";

const pointCount = 10_000;
/** About what the manifest of a VM with two disks takes. */
const configurationBytes = 3000;

/** How long a list of very many points takes. */
export const manyPoints: OwnWork = {
  title: `listing ${pointCount} recovery points`,
  async run({ folder, rounds, say }) {
    const repository = join(folder, "repository");
    await makePoints(repository);
    const [whole, listing, peaks]: [number[], number[], number[]] = [[], [], []];
    for (let round = 0; round < rounds; round += 1) {
      const cost = await measureCommand(holdfastCommand("list", { repository }), folder);
      const said = JSON.parse(cost.output) as { readonly listSeconds: number; readonly pointCount: number };
      if (said.pointCount !== pointCount) throw new Error(`${said.pointCount} points were listed`);
      say(`round ${round + 1}/${rounds}  points      listed in ${said.listSeconds.toFixed(2)} s`);
      whole.push(cost.wallSeconds);
      listing.push(said.listSeconds);
      peaks.push(cost.peakBytes / MiB);
    }
    return [
      { what: "listing alone", unit: "s", values: listing, goal: { atMost: 1 } },
      { what: "the whole process, opening by passphrase included", unit: "s", values: whole },
      { what: "peak memory", unit: "MiB", values: peaks, goal: { atMost: 400 } },
    ];
  },
};

/** Makes the points in memory and writes their objects as files, since making 10 000 durable is not measured. */
async function makePoints(repository: string): Promise<void> {
  const store = new InMemoryBlobStore();
  const random = { bytes: (n: number) => randomBytes(n), uuid: () => randomUUID(), fraction: () => 0.5 };
  const services = { random, clock: realClock, passphrase: new Secret("a passphrase for the bench") };
  await createRepository(store, services);
  await using points = await openRepository(store, services);
  const image = { rootId: null, sizeBytes: 2 ** 33, chunkSizeBytes: 262_144 };
  for (let i = 0; i < pointCount; i += 1) {
    const vm = { configuration: randomBytes(configurationBytes / 2).toString("hex") };
    const point = { id: randomUUID(), publishedAtMs: i, disks: [{ image }, { image }], vm };
    await points.publishPoint(point as unknown as RecoveryPoint);
  }
  for (const [name, bytes] of store.objects) {
    const path = join(repository, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, bytes);
  }
}
