import { constants } from "node:fs";
import { dirname } from "node:path";
import { SeededRandom } from "@holdfast/kernel/testing";
import type { FileAccess } from "../../blob-store/file-blob-store.ts";

const blockBytes = 4096;

/** What every call raises once the power is off. */
export class PowerOff extends Error {}

interface Inode {
  readonly ino: number;
  readonly isFolder: boolean;
  /** What a reader sees now, and what the disk has for certain. */
  bytes: Buffer;
  stable: Buffer;
}

/** Entries of folders by their whole path. */
type Entries = Map<string, Inode>;

/** A file system that loses power: what a process sees of it, and what is left of it afterwards. */
export interface VolatileFiles {
  readonly files: FileAccess;
  /** How many calls were made: a cut falls between two of them. */
  readonly calls: () => number;
  /** From then on every call fails, as if the machine were gone. */
  kill(): void;
  /** What a machine finds when it starts again. */
  cut(random: SeededRandom): VolatileFiles;
}

/**
 * A model of what POSIX promises, and no more: the bytes of a file are on the disk after `sync` of it; the entries of a
 * folder (made, linked, removed) after `sync` of the folder. At a cut each block of 4 KiB and each entry that was not
 * made durable is there or not, by itself, whatever came before or after it. Real file systems keep more order.
 */
export function createVolatileFiles(from?: Entries): VolatileFiles {
  const entries: Entries = from ?? new Map([["/", makeInode(true)]]);
  const stable: Entries = new Map(entries);
  let calls = 0;
  let isDead = false;
  const step = (): void => {
    if (isDead) throw new PowerOff("the power is off");
    calls += 1;
  };
  const find = (path: string): Inode => {
    const inode = entries.get(path);
    if (inode === undefined) throw problem("ENOENT", path);
    return inode;
  };
  const add = (path: string, inode: Inode): void => {
    if (entries.has(path)) throw problem("EEXIST", path);
    if (!find(dirname(path)).isFolder) throw problem("ENOTDIR", path);
    entries.set(path, inode);
  };
  const open = async (path: string, flags: string | number) => {
    step();
    const isNew = typeof flags === "number" && (flags & constants.O_CREAT) !== 0;
    if (isNew) add(path, makeInode(false));
    return openInode(path, find(path), { step, syncFolder: () => syncEntries(path, entries, stable) });
  };
  const files = {
    open,
    async link(from: string, to: string) {
      step();
      add(to, find(from));
    },
    async mkdir(path: string) {
      step();
      let first: string | undefined;
      const missing: string[] = [];
      for (let at = path; !entries.has(at); at = dirname(at)) missing.unshift(at);
      for (const at of missing) {
        first ??= at;
        add(at, makeInode(true));
      }
      return first;
    },
    async readdir(path: string, options?: { withFileTypes: true }) {
      step();
      if (!find(path).isFolder) throw problem("ENOTDIR", path);
      const found = [...entries].filter(([at]) => at !== "/" && dirname(at) === path);
      const names = found.map(([at, inode]) => ({
        name: at.slice(path === "/" ? 1 : path.length + 1),
        isDirectory: () => inode.isFolder,
        isFile: () => !inode.isFolder,
      }));
      return options === undefined ? names.map(({ name }) => name) : names;
    },
    async rm(path: string) {
      step();
      entries.delete(path);
    },
    async stat(path: string) {
      step();
      return statOf(find(path));
    },
  };
  return {
    files: files as unknown as FileAccess,
    calls: () => calls,
    kill: () => (isDead = true),
    cut: (random) => createVolatileFiles(survivors(entries, stable, random)),
  };
}

let lastInode = 0;
function makeInode(isFolder: boolean): Inode {
  lastInode += 1;
  return { ino: lastInode, isFolder, bytes: Buffer.alloc(0), stable: Buffer.alloc(0) };
}

function problem(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}

function statOf(inode: Inode) {
  const { ino, bytes, isFolder } = inode;
  return { dev: 1, ino, size: bytes.length, mtimeMs: 0, isFile: () => !isFolder, isDirectory: () => isFolder };
}

function openInode(path: string, inode: Inode, { step, syncFolder }: { step: () => void; syncFolder: () => void }) {
  return {
    async read(into: Uint8Array, offset: number, length: number, position: number) {
      step();
      const part = inode.bytes.subarray(position, position + length);
      into.set(part, offset);
      return { bytesRead: part.length };
    },
    async write(data: Uint8Array, offset: number, length: number, position: number) {
      step();
      const size = Math.max(inode.bytes.length, position + length);
      const bytes = Buffer.alloc(size);
      inode.bytes.copy(bytes);
      bytes.set(data.subarray(offset, offset + length), position);
      inode.bytes = bytes;
      return { bytesWritten: length };
    },
    async truncate(length: number) {
      step();
      inode.bytes = Buffer.concat([inode.bytes.subarray(0, length)], length);
    },
    async sync() {
      step();
      if (inode.isFolder) syncFolder();
      else inode.stable = inode.bytes;
    },
    async stat() {
      step();
      return statOf(inode);
    },
    async close() {
      void path;
    },
  };
}

/** Makes durable what a folder's entries are now. */
function syncEntries(folder: string, entries: Entries, stable: Entries): void {
  const isIn = (path: string): boolean => path !== "/" && dirname(path) === folder;
  for (const path of [...stable.keys()]) if (isIn(path) && !entries.has(path)) stable.delete(path);
  for (const [path, inode] of entries) if (isIn(path)) stable.set(path, inode);
}

function survivors(entries: Entries, stable: Entries, random: SeededRandom): Entries {
  const left: Entries = new Map();
  const paths = [...new Set([...stable.keys(), ...entries.keys()])].toSorted((a, b) => a.length - b.length);
  const torn = new Map<Inode, Inode>();
  for (const path of paths) {
    const [was, is] = [stable.get(path), entries.get(path)];
    const inode = was === is || random.fraction() < 0.5 ? was : is;
    // What stood in a folder that is not there is not there.
    if (inode === undefined || (path !== "/" && !left.has(dirname(path)))) continue;
    const known = torn.get(inode) ?? tear(inode, random);
    torn.set(inode, known);
    left.set(path, known);
  }
  return left;
}

/** The file's bytes after a cut: its length and each of its blocks as they were or as they are. */
function tear(inode: Inode, random: SeededRandom): Inode {
  const { bytes, stable } = inode;
  if (inode.isFolder || bytes === stable) return { ...inode, stable: bytes };
  const length = random.fraction() < 0.5 ? stable.length : bytes.length;
  const left = Buffer.alloc(length);
  for (let at = 0; at < length; at += blockBytes) {
    const from = random.fraction() < 0.5 ? stable : bytes;
    from.copy(left, at, at, Math.min(at + blockBytes, from.length, length));
  }
  return { ...inode, bytes: left, stable: left };
}
