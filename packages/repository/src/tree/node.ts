import { fanOut } from "../format/limits.ts";

const headerBytes = 40;

/** The children of a node, in order of the disk; null where a child is all zeros. */
export type Children = (string | null)[];

export function emptyChildren(): Children {
  return Array.from({ length: fanOut }, () => null);
}

/** Writes a node: `HFND`, level, three zero bytes, a bitmap of the children there are, then their ids. */
export function encodeNode(level: number, children: Children): Buffer {
  const present = children.filter((child) => child !== null);
  const bytes = Buffer.alloc(headerBytes + present.length * 32);
  bytes.write("HFND", 0, "latin1");
  bytes.writeUInt8(level, 4);
  let at = headerBytes;
  for (const [i, child] of children.entries()) {
    if (child === null) continue;
    bytes[8 + (i >> 3)]! |= 1 << (i & 7);
    bytes.write(child, at, "hex");
    at += 32;
  }
  return bytes;
}

/** Reads a node of a level; raises RangeError where it is not one. */
export function decodeNode(level: number, bytes: Buffer): Children {
  if (bytes.length < headerBytes || bytes.toString("latin1", 0, 4) !== "HFND" || bytes[4] !== level)
    throw new RangeError("not a node of this level");
  const children = emptyChildren();
  let at = headerBytes;
  for (let i = 0; i < fanOut; i += 1) {
    if ((bytes[8 + (i >> 3)]! & (1 << (i & 7))) === 0) continue;
    if (at + 32 > bytes.length) throw new RangeError("the node is cut off");
    children[i] = bytes.toString("hex", at, at + 32);
    at += 32;
  }
  if (at !== bytes.length) throw new RangeError("the node has bytes left over");
  return children;
}
