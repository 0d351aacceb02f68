import { execFile, fork, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { access, mkdir, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import type { DiskAnswer, DiskRequest } from "./disk-process.ts";

const run = promisify(execFile);
const diskBytes = 192 * 1024 * 1024;

/** A file system on a disk that loses what was not flushed. */
export interface MountedDisk extends AsyncDisposable {
  /** Where it is mounted. */
  readonly root: string;
  /** Goes back to an empty file system. */
  renew(): Promise<void>;
  /**
   * Cuts the power at a write from now: blocks that were not flushed are kept by the toss of a coin. Answers how many there
   * were. Nothing that waits for the disk goes on, until `release` after its processes were killed.
   */
  cut(at: { readonly atWrite: number; readonly seed: number }): Promise<number>;
  release(): Promise<void>;
  /** Makes a cut that is waited for come now. */
  force(): void;
  /** Takes the file system off and mounts what the cut left, replaying its journal. Nobody may use it meanwhile. */
  restart(): Promise<void>;
}

/** Says what is missing for mounted disks on this machine; null where nothing is. */
export async function whyNoMounts(): Promise<string | null> {
  if (process.getuid?.() !== 0) return "mounting needs root";
  for (const [path, what] of [
    ["/dev/fuse", "/dev/fuse"],
    ["/dev/loop-control", "loop devices"],
    ["/usr/bin/nbdfuse", "nbdfuse (Debian package nbdfuse)"],
    ["/usr/sbin/mke2fs", "mke2fs (Debian package e2fsprogs)"],
  ] as const) {
    const isThere = await access(path).then(
      () => true,
      () => false,
    );
    if (!isThere) return `${what} is missing`;
  }
  return null;
}

/** Makes a disk, one that lies about flushes if asked, with an ext4 in a folder, and mounts it. Whatever happens, disposing takes all of it off again. */
export async function mountDisk(
  folder: string,
  { isLying = false }: { readonly isLying?: boolean } = {},
): Promise<MountedDisk> {
  const image = join(folder, "empty.img");
  await writeFile(image, "");
  await truncate(image, diskBytes);
  // Inodes zeroed at once: else a thread of the kernel writes long after.
  await run("mke2fs", ["-q", "-t", "ext4", "-E", "lazy_itable_init=0,lazy_journal_init=0", image]);
  const holder = fork(join(import.meta.dirname, "disk-process.ts"), { stdio: "inherit", detached: true });
  const gone = once(holder, "exit").then(() => Promise.reject(new Error("the process that holds the disk ended")));
  gone.catch(() => undefined);
  const ask = async (request: DiskRequest): Promise<DiskAnswer> => {
    holder.send(request);
    const [answer] = (await Promise.race([once(holder, "message"), gone])) as [DiskAnswer];
    return answer;
  };
  const root = join(folder, "root");
  await mkdir(root);
  let mounts = 0;
  let mounted: AsyncDisposable | undefined;
  const takeOff = async (): Promise<void> => {
    await mounted?.[Symbol.asyncDispose]();
    mounted = undefined;
  };
  const start = async (kind: "load" | "serve"): Promise<void> => {
    await takeOff();
    mounts += 1;
    const socket = join(folder, `disk-${mounts}.socket`);
    await ask(kind === "load" ? { kind, image, socket, isLying } : { kind, socket });
    mounted = await mountSocket(socket, { fuse: join(folder, `fuse-${mounts}`), root });
  };
  const disk: MountedDisk = {
    root,
    renew: () => start("load"),
    cut: async (at) => (await ask({ kind: "cut", ...at })).unflushedBlocks,
    release: async () => void (await ask({ kind: "release" })),
    force: () => void holder.send({ kind: "force" } satisfies DiskRequest),
    restart: () => start("serve"),
    async [Symbol.asyncDispose]() {
      process.off("SIGINT", leave).off("SIGTERM", leave);
      if (holder.connected) await disk.release();
      await takeOff();
      if (!holder.connected) return;
      holder.disconnect();
      await once(holder, "exit");
    },
  };
  // A mount outlives its process, and one whose disk is gone hangs whoever looks at it.
  const leave = async (): Promise<void> => {
    await disk[Symbol.asyncDispose]();
    process.exit(130);
  };
  process.once("SIGINT", leave).once("SIGTERM", leave);
  try {
    await disk.renew();
    return disk;
  } catch (error) {
    await disk[Symbol.asyncDispose]();
    throw error;
  }
}

/** nbdfuse shows the disk as a file; a loop device makes that a block device, which ends with its mount. */
async function mountSocket(
  socket: string,
  { fuse, root }: { readonly fuse: string; readonly root: string },
): Promise<AsyncDisposable> {
  await mkdir(fuse);
  // In groups of their own, so that a key pressed at a terminal does not end them before the mount is off.
  const child = spawn("nbdfuse", [fuse, `nbd+unix:///?socket=${socket}`], {
    stdio: ["ignore", "inherit", "inherit"],
    detached: true,
  });
  try {
    await waitForFile(join(fuse, "nbd"), child);
    await run("mount", ["-t", "ext4", "-o", "loop", join(fuse, "nbd"), root]);
  } catch (error) {
    await takeFuseOff(fuse, child);
    throw error;
  }
  return {
    async [Symbol.asyncDispose]() {
      // A writer that was not waited for may hold it.
      await run("umount", [root]).catch(() => run("umount", ["-l", root]));
      await takeFuseOff(fuse, child);
      await rm(socket, { force: true });
    },
  };
}

async function waitForFile(path: string, child: ChildProcess): Promise<void> {
  for (;;) {
    const isThere = await access(path).then(
      () => true,
      () => false,
    );
    if (isThere) return;
    if (child.exitCode !== null) throw new Error(`nbdfuse ended with ${child.exitCode}`);
    await sleep(5);
  }
}

/** The loop device lets go of the file a moment after its mount is gone. */
async function takeFuseOff(fuse: string, child: ChildProcess): Promise<void> {
  for (let tries = 0; child.exitCode === null; tries += 1) {
    try {
      await run("umount", [fuse]);
      if (child.exitCode === null) await once(child, "exit");
    } catch (error) {
      if (tries === 200) throw error;
      await sleep(10);
    }
  }
  await rm(fuse, { recursive: true, force: true });
}
