import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import type { Random } from "@holdfast/kernel";
import type { ChunkTable } from "./chunk-table.ts";
import type { ImageKeys, IndexImage } from "./index-image.ts";
import { recordBytes, writeRecord } from "./index-record.ts";
import { createRecordSorter } from "./sort-records.ts";

/** What the thread that writes an image is started with. */
export interface ImageOrder {
  readonly path: string;
  /** Folder of a record sorter's files. */
  readonly folder: string;
  readonly keys: ImageKeys;
  readonly salt: Uint8Array;
  readonly covers: readonly string[];
  readonly recordCount: number;
  readonly packIds: readonly string[];
}

/** Gathers chunks in local files, in bounded memory, and makes an image of them in a thread. */
export interface ImageBuilder extends Disposable {
  readonly recordCount: number;
  addTable(table: ChunkTable): void;
  addImage(image: IndexImage): void;
  build(covers: readonly string[]): Promise<void>;
}

export function createImageBuilder(
  place: { readonly folder: string; readonly path: string },
  keys: ImageKeys,
  random: Random,
): ImageBuilder {
  const folder = mkdtempSync(join(place.folder, "sort-"));
  const sorter = createRecordSorter(folder);
  const packIds: string[] = [];
  const record = Buffer.alloc(recordBytes);
  return {
    get recordCount() {
      return sorter.count;
    },
    addTable(table) {
      const firstPack = packIds.length;
      const numbers = new Map(table.packIds.map((packId, i) => [packId, firstPack + i]));
      packIds.push(...table.packIds);
      for (let row = 0; row < table.rowCount; row += 1) {
        const { packId, entry } = table.placeAt(row);
        writeRecord(record, 0, entry, numbers.get(packId)!);
        sorter.add(record);
      }
    },
    addImage(image) {
      const firstPack = packIds.length;
      for (let i = 0; i < image.packCount; i += 1) packIds.push(image.packId(i));
      for (const block of image.records()) {
        for (let at = 0; at < block.length; at += recordBytes) {
          block.copy(record, 0, at, at + recordBytes);
          record.writeUInt32BE(record.readUInt32BE(32) + firstPack, 32);
          sorter.add(record);
        }
      }
    },
    async build(covers) {
      sorter.close();
      const { path } = place;
      const salt = random.bytes(16);
      const order: ImageOrder = { path, folder, keys, salt, covers, recordCount: sorter.count, packIds };
      await runThread(order);
    },
    [Symbol.dispose]() {
      sorter.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function runThread(order: ImageOrder): Promise<void> {
  const worker = new Worker(new URL("./image-thread.ts", import.meta.url), { workerData: order, execArgv: [] });
  await new Promise<void>((resolve, reject) => {
    worker.on("error", reject);
    worker.on("exit", (code) => {
      if (code === 0) resolve();
      else reject(new Error(`the thread that sorts the index ended with ${code}`));
    });
  });
}
