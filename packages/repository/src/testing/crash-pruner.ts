import { argv } from "node:process";
import { createFileBlobStore } from "../blob-store/file-blob-store.ts";
import { dieAt } from "./die-at.ts";
import { openKeyed, strongRandom } from "./keyed-repository.ts";

// Deletes points where they are there, prunes without a margin, and kills itself before or after a call to the store:
//   node crash-pruner.ts FOLDER POINT,POINT CALL before|after
const [, , folder = "", pointIds = "", call = "", timing] = argv;
const store = dieAt(createFileBlobStore(folder, strongRandom), Number(call), timing === "before");
await using points = await openKeyed(store);
const there = new Set((await points.listPoints()).map(({ id }) => id));
const toDelete = pointIds.split(",").filter((id) => there.has(id));
if (toDelete.length > 0) await points.deletePoints(toDelete, { hasConsent: true });
await points.prune({ graceRounds: 0 });
