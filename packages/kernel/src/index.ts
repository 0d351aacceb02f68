/**
 * What every other room stands on: units, byte ranges, errors, secrets, bounded concurrency, and the ports of time and
 * randomness. Does no I/O, reads no clock, uses no randomness.
 */
export { HoldfastError, assertNever, hasErrorCode, invariant } from "./errors.ts";
export type { ErrorKind, HoldfastErrorInit } from "./errors.ts";
export {
  alignRanges,
  byteRange,
  intersectRanges,
  normalizeRanges,
  rangeLength,
  splitRanges,
  subtractRanges,
  totalLength,
  uniteRanges,
} from "./byte-range.ts";
export type { ByteRange } from "./byte-range.ts";
export { formatInstant } from "./clock.ts";
export type { Clock, SleepOptions } from "./clock.ts";
export type { Random } from "./random.ts";
export { Secret } from "./secret.ts";
export { createSharedBuffers } from "./shared-buffers.ts";
export { createSlots } from "./slots.ts";
export type { Slots } from "./slots.ts";
export { mapBounded } from "./concurrency.ts";
export type { BoundedOptions } from "./concurrency.ts";
export { GiB, KiB, MiB, TiB, formatBytes, formatDuration } from "./units.ts";
