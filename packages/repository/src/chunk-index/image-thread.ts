/** The thread that sorts gathered records and writes an index image of them, then ends. */
import { workerData } from "node:worker_threads";
import type { ImageOrder } from "./build-index-image.ts";
import { sortedRecords } from "./sort-records.ts";
import { writeIndexImage } from "./write-index-image.ts";

const { path, folder, keys, salt, ...content } = workerData as ImageOrder;
writeIndexImage(path, keys, salt, { ...content, records: sortedRecords(folder) });
