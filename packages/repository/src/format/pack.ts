import { invariant } from "@holdfast/kernel";
import { counterNonce, deriveKey, seal, unseal } from "../crypto/sealing.ts";
import { decodeEntries, encodeEntries } from "./chunk-entry.ts";
import type { ChunkEntry } from "./chunk-entry.ts";

export const packHeaderBytes = 24;
export const packTrailerBytes = 12;

export function packName(packId: string): string {
  return `packs/${packId.slice(0, 2)}/${packId}`;
}

export function packHeader(packId: string): Buffer {
  return Buffer.concat([Buffer.from("HFPACK01"), Buffer.from(packId, "hex")]);
}

/** Writes what follows the chunks of a pack: its sealed directory, the directory's length, and the end mark. */
export function packFooter(master: Uint8Array, packId: string, entries: readonly ChunkEntry[]): Buffer {
  const directory = seal(encodeEntries(entries), directorySealing(master, packId));
  const trailer = Buffer.alloc(packTrailerBytes);
  trailer.writeUInt32BE(directory.length, 0);
  trailer.write("HFPEND01", 4, "latin1");
  return Buffer.concat([directory, trailer]);
}

/** Reads the length of a sealed directory from the last bytes of a pack; raises RangeError where they are not that. */
export function decodeTrailer(trailer: Uint8Array, packBytes: number): number {
  const bytes = Buffer.from(trailer);
  if (bytes.toString("latin1", 4) !== "HFPEND01") throw new RangeError("the end mark is not there");
  const length = bytes.readUInt32BE(0);
  if (length + packHeaderBytes + packTrailerBytes > packBytes)
    throw new RangeError("the directory is longer than the pack");
  return length;
}

/** Opens a sealed directory; raises where it is not the one of this pack. */
export function openDirectory(master: Uint8Array, packId: string, sealed: Uint8Array): ChunkEntry[] {
  invariant(/^[0-9a-f]{32}$/.test(packId), `pack id ${packId} is not 16 bytes`);
  return decodeEntries(unseal(sealed, directorySealing(master, packId)));
}

function directorySealing(master: Uint8Array, packId: string) {
  return {
    key: deriveKey(master, Buffer.from(packId, "hex"), "holdfast/1/pack-directory"),
    nonce: counterNonce(0),
    context: Buffer.from(`holdfast/1/pack-directory/${packId}`),
  };
}
