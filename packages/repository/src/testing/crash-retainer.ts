import { argv, stdout } from "node:process";
import { SeededRandom } from "@holdfast/kernel/testing";
import { createFileBlobStore } from "../blob-store/file-blob-store.ts";
import { openKeyed, strongRandom } from "./keyed-repository.ts";
import { publishDisk } from "./prune-world.ts";
import { randomDisk } from "./small-disks.ts";

// Publishes, deletes and prunes again and again, and says what it is about to delete and what is published, until it is killed.
const [, , folder = "", run = ""] = argv;
const random = new SeededRandom(Number(run));
const points = await openKeyed(createFileBlobStore(folder, strongRandom));
stdout.write("ready\n");
for (let i = 0; ; i += 1) {
  for (let made = 0; made < 2; made += 1) {
    const id = `r${run}-${i}-${made}`;
    const { values } = randomDisk(random);
    await publishDisk(points, id, values);
    stdout.write(`published ${id} ${values.join()}\n`);
  }
  const listed = await points.listPoints();
  for (const { id } of listed.slice(0, listed.length - 3)) {
    stdout.write(`deleting ${id}\n`);
    await points.deletePoints([id], { hasConsent: true });
  }
  await points.prune({ graceRounds: 0 });
  stdout.write("pruned\n");
}
