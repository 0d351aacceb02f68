import { KiB, MiB, TiB } from "@holdfast/kernel";

/** The grid of every disk. */
export const chunkSizeBytes = 256 * KiB;
/** Children of a tree node. */
export const fanOut = 256;
/** A pack is closed once it holds this much. */
export const packTargetBytes = 16 * MiB;
export const maxPackBytes = 32 * MiB;
export const maxIndexBytes = 256 * MiB;
export const maxManifestBytes = 16 * MiB;
export const maxConfigBytes = 64 * KiB;
export const maxDiskBytes = 64 * TiB;
