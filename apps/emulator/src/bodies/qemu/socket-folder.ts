import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Makes a folder for the sockets of one VM, open to this user only. Not in the folder of the emulator's state: a
 * socket's path has at most 107 bytes. The name says whose it is, so that it can be removed after a kill.
 */
export function makeSocketFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), `ash-vm-${process.pid}-`));
}

/** Removes the socket folders of emulators that run no more. */
export async function removeStaleSocketFolders(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const owner = /^ash-vm-(\d+)-/.exec(name)?.[1];
    if (owner !== undefined && !isRunning(Number(owner))) {
      await rm(join(tmpdir(), name), { recursive: true, force: true });
    }
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Another user's process: running, and not ours to clean up after.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
