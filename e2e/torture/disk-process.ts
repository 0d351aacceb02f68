// Holds a volatile disk in a process of its own: the one that waits for the mounted file system must not be the one that
// serves it. Started with a channel; takes requests one at a time, and answers each.
import { readFileSync } from "node:fs";
import type { Server } from "node:net";
import { SeededRandom } from "@holdfast/repository/torture";
import { serveNbd } from "./nbd-server.ts";
import type { ServedDisk } from "./nbd-server.ts";
import { createVolatileDisk } from "./volatile-disk.ts";
import type { VolatileDisk } from "./volatile-disk.ts";

export type DiskRequest =
  /**
   * Takes an image as the disk, or what the last cut left, and serves it on a new socket. A lying disk says that it flushed
   * and did not: a trial of the harm itself.
   */
  | { readonly kind: "load"; readonly image: string; readonly socket: string; readonly isLying: boolean }
  | { readonly kind: "serve"; readonly socket: string }
  /** Cuts the power at a write from now, counted from 1; it answers then. The disk gives no answer any more. */
  | { readonly kind: "cut"; readonly atWrite: number; readonly seed: number }
  /** Cuts the power now, where the write is not coming. */
  | { readonly kind: "force" }
  /** Lets the machine that is gone come to its end: its requests are answered, and do nothing. */
  | { readonly kind: "release" };

export interface DiskAnswer {
  readonly unflushedBlocks: number;
}

let disk: VolatileDisk | undefined;
let isLying = false;
let server: Server | undefined;
let release: (() => void) | undefined;
let released: Promise<void> | undefined;
let onWrite: (() => void) | undefined;
let force: (() => void) | undefined;

function servedDisk(live: VolatileDisk): ServedDisk {
  return {
    sizeBytes: live.sizeBytes,
    read: live.read,
    flush: isLying ? () => {} : live.flush,
    write(...call) {
      live.write(...call);
      if (live === disk) onWrite?.();
    },
    gate: () => (live === disk || released === undefined ? Promise.resolve() : released),
  };
}

async function serve(socket: string): Promise<void> {
  server?.close();
  if (disk !== undefined) server = await serveNbd(servedDisk(disk), socket);
}

/** Resolves at the write that is the last one to reach the disk. */
function cutAt({ atWrite, seed }: { readonly atWrite: number; readonly seed: number }): Promise<DiskAnswer> {
  const random = new SeededRandom(seed);
  let writes = 0;
  return new Promise((resolve) => {
    force = () => {
      [onWrite, force] = [undefined, undefined];
      const unflushedBlocks = disk?.unflushedBlocks ?? 0;
      disk = disk?.cut(() => random.fraction());
      released = new Promise((open) => (release = open));
      resolve({ unflushedBlocks });
    };
    onWrite = () => {
      writes += 1;
      if (writes >= atWrite) force?.();
    };
  });
}

async function obey(request: DiskRequest): Promise<DiskAnswer | null> {
  if (request.kind === "cut") return await cutAt(request);
  // The cut itself answers.
  if (request.kind === "force") {
    force?.();
    return null;
  }
  if (request.kind === "release") {
    release?.();
    return { unflushedBlocks: 0 };
  }
  if (request.kind === "load") {
    disk = createVolatileDisk(readFileSync(request.image));
    isLying = request.isLying;
  }
  await serve(request.socket);
  return { unflushedBlocks: 0 };
}

process.on("message", (request: DiskRequest) => {
  void obey(request).then((answer) => answer !== null && process.send?.(answer));
});
process.on("disconnect", () => process.exit());
