import { KiB, MiB, TiB } from "@holdfast/kernel";

/** The grid of every disk. */
export const chunkSizeBytes = 256 * KiB;
/** Children of a tree node. */
export const fanOut = 256;
/** What a writer takes, and what a read of a disk brings, at a time. */
export const maxBatchBytes = 4 * MiB;
/** A pack is closed once it holds this much. */
export const packTargetBytes = 8 * MiB;
/** A pack is also closed at this many chunks: tiny ones would make its directory large. */
export const packMaxEntries = 8192;
/** An index object is written for this many packs: 128 full ones are 1 GiB, and at most 48 MiB of entries. */
export const packsPerIndex = 128;
export const maxPackBytes = 32 * MiB;
export const maxIndexBytes = 256 * MiB;
export const maxManifestBytes = 16 * MiB;
export const maxConfigBytes = 64 * KiB;
export const maxMarkBytes = 64 * KiB;
export const maxDiskBytes = 64 * TiB;
