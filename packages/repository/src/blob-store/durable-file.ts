import { constants } from "node:fs";
import { KiB, MiB } from "@holdfast/kernel";
import type { FileAccess } from "./file-blob-store.ts";

/** What direct I/O wants offsets, lengths and memory to be multiples of. */
const blockBytes = 4 * KiB;
/** Below this the page cache costs nothing that could be measured. */
const minDirectBytes = MiB;

/**
 * Makes what writes new files and makes them durable; it answers when the file was written, by the file system's clock.
 *
 * Large files from page-aligned shared memory go past the page cache, which would cost more than encrypting them; where
 * the file system does not know direct I/O (`EINVAL`), all files go through the cache from then on.
 */
export function createDurableWriter(files: FileAccess): (path: string, bytes: Uint8Array) => Promise<number> {
  let knowsDirect = constants.O_DIRECT !== undefined;
  return async (path, bytes) => {
    const blocks = knowsDirect ? wholeBlocks(bytes) : null;
    if (blocks === null) return await writeFile(files, path, { bytes, flags: 0, length: bytes.length });
    try {
      return await writeFile(files, path, { bytes: blocks, flags: constants.O_DIRECT, length: bytes.length });
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EINVAL")) throw error;
      knowsDirect = false;
      await files.rm(path, { force: true });
      return await writeFile(files, path, { bytes, flags: 0, length: bytes.length });
    }
  };
}

/** Answers the bytes and what follows them in their memory, up to a whole block; null where they are not aligned. */
function wholeBlocks(bytes: Uint8Array): Uint8Array | null {
  const { buffer, byteOffset, length } = bytes;
  const whole = Math.ceil(length / blockBytes) * blockBytes;
  const isAligned = byteOffset % blockBytes === 0 && byteOffset + whole <= buffer.byteLength;
  // Memory of one process alone begins anywhere; shared memory is that of an arena.
  if (!(buffer instanceof SharedArrayBuffer) || !isAligned || length < minDirectBytes) return null;
  return new Uint8Array(buffer, byteOffset, whole);
}

async function writeFile(
  files: FileAccess,
  path: string,
  { bytes, flags, length }: { readonly bytes: Uint8Array; readonly flags: number; readonly length: number },
): Promise<number> {
  const file = await files.open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | flags, 0o600);
  try {
    await writeAll(file, bytes);
    if (bytes.length !== length) await file.truncate(length);
    await file.sync();
    return (await file.stat()).mtimeMs;
  } finally {
    await file.close();
  }
}

/** `writeFile` of a handle would write 512 KiB at a time. */
async function writeAll(file: Awaited<ReturnType<FileAccess["open"]>>, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;)
    done += (await file.write(bytes, done, bytes.length - done, done)).bytesWritten;
}
