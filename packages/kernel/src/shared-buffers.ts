import { KiB } from "./units.ts";

/** The types of this global are in no library that the project takes in. */
declare const WebAssembly: {
  readonly Memory: new (size: { initial: number; maximum: number; shared: true }) => { buffer: SharedArrayBuffer };
};

/** What WebAssembly calls a page. */
const pageBytes = 64 * KiB;

/**
 * Makes buffers that threads share and that begin on a page of memory, as direct I/O wants it; only WebAssembly gives
 * such. `bytes` is rounded up to 64 KiB. The system hands out the memory as it is written first, and keeps it until nobody
 * holds any of them: use them again rather than make new ones.
 */
export function createSharedBuffers(count: number, bytes: number): Uint8Array[] {
  const pages = Math.ceil(bytes / pageBytes);
  const size = count * pages;
  const { buffer } = new WebAssembly.Memory({ initial: size, maximum: size, shared: true });
  return Array.from({ length: count }, (_, i) => new Uint8Array(buffer, i * pages * pageBytes, pages * pageBytes));
}
