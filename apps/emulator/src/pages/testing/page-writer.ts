// Goes through the history from a step on, and says on its output what is durable: node page-writer.ts FOLDER STEP
import { writeSync } from "node:fs";
import { openFilePageStore } from "../file-page-store.ts";
import { pageBytes } from "../page-map.ts";
import { historyPages, historyStep, isDeletionStep, isSnapshotStep } from "./page-history.ts";

const [folder = "", first = "1"] = process.argv.slice(2);
const store = await openFilePageStore({ folder, isDurable: true });
const volume = store.open("v") ?? (await store.create("v", historyPages * pageBytes));
const say = (line: string): void => void writeSync(1, `${line}\n`);

for (let number = Number(first); ; number += 1) {
  const { page, value } = historyStep(number);
  const start = page * pageBytes;
  if (value === undefined) await volume.clear({ start, end: start + pageBytes });
  else await volume.write(start, new Uint8Array(new Uint32Array(pageBytes / 4).fill(value).buffer));
  await volume.flush();
  say(`step ${number}`);
  if (isSnapshotStep(number)) say(`snapshot ${await volume.snapshot()} ${number}`);
  const oldest = volume.listSnapshots()[0];
  if (isDeletionStep(number) && oldest !== undefined) {
    say(`deleting ${oldest}`);
    await volume.deleteSnapshot(oldest);
  }
}
