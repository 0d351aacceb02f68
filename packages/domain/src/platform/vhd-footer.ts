import { invariant } from "@holdfast/kernel";

export const vhdFooterBytes = 512;
const sectorBytes = 512;
/** VHD times count seconds from 2000-01-01T00:00:00Z. */
const vhdEpochMs = Date.UTC(2000, 0, 1);

export interface VhdFooter {
  readonly sizeBytes: number;
  readonly uniqueId: Uint8Array;
  readonly createdAtMs: number;
}

/**
 * Encodes the footer of a fixed hard disk image: the last 512 bytes of the file, big-endian.
 * Source: Virtual Hard Disk Image Format Specification 1.0, "Hard Disk Footer Format".
 */
export function encodeVhdFooter(footer: VhdFooter): Uint8Array {
  const { sizeBytes, uniqueId } = footer;
  invariant(sizeBytes > 0 && sizeBytes % sectorBytes === 0, `disk size ${sizeBytes} is not whole sectors`);
  invariant(uniqueId.length === 16, "a VHD unique id has 16 bytes");
  const bytes = new Uint8Array(vhdFooterBytes);
  const view = new DataView(bytes.buffer);
  const text = new TextEncoder();
  bytes.set(text.encode("conectix"), 0);
  view.setUint32(8, 0x00000002); // features: the reserved bit, always set
  view.setUint32(12, 0x00010000); // format version 1.0
  view.setBigUint64(16, 0xffff_ffff_ffff_ffffn); // data offset: none for a fixed disk
  view.setUint32(24, Math.max(0, Math.floor((footer.createdAtMs - vhdEpochMs) / 1000)));
  bytes.set(text.encode("hfst"), 28);
  view.setUint32(32, 0x00010000);
  bytes.set(text.encode("Wi2k"), 36);
  view.setBigUint64(40, BigInt(sizeBytes));
  view.setBigUint64(48, BigInt(sizeBytes));
  const geometry = vhdGeometry(sizeBytes);
  view.setUint16(56, geometry.cylinders);
  view.setUint8(58, geometry.heads);
  view.setUint8(59, geometry.sectorsPerTrack);
  view.setUint32(60, 2); // disk type: fixed
  bytes.set(uniqueId, 68);
  view.setUint32(64, checksumOf(bytes));
  return bytes;
}

/** Decodes a fixed disk's footer; null where the bytes are none or their checksum is wrong. */
export function decodeVhdFooter(bytes: Uint8Array): VhdFooter | null {
  if (bytes.length !== vhdFooterBytes || new TextDecoder().decode(bytes.subarray(0, 8)) !== "conectix") return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(60) !== 2 || view.getUint32(64) !== checksumOf(bytes)) return null;
  return {
    sizeBytes: Number(view.getBigUint64(48)),
    uniqueId: bytes.slice(68, 84),
    createdAtMs: vhdEpochMs + view.getUint32(24) * 1000,
  };
}

/** Cylinders, heads and sectors as the specification's appendix computes them; wrong for no reader that uses the size. */
export function vhdGeometry(sizeBytes: number): {
  readonly cylinders: number;
  readonly heads: number;
  readonly sectorsPerTrack: number;
} {
  const totalSectors = Math.min(Math.floor(sizeBytes / sectorBytes), 65535 * 16 * 255);
  if (totalSectors >= 65535 * 16 * 63) {
    return { cylinders: Math.floor(totalSectors / 255 / 16), heads: 16, sectorsPerTrack: 255 };
  }
  let sectorsPerTrack = 17;
  let cylinderTimesHeads = Math.floor(totalSectors / sectorsPerTrack);
  let heads = Math.max(4, Math.floor((cylinderTimesHeads + 1023) / 1024));
  if (cylinderTimesHeads >= heads * 1024 || heads > 16) {
    sectorsPerTrack = 31;
    heads = 16;
    cylinderTimesHeads = Math.floor(totalSectors / sectorsPerTrack);
  }
  if (cylinderTimesHeads >= heads * 1024) {
    sectorsPerTrack = 63;
    heads = 16;
    cylinderTimesHeads = Math.floor(totalSectors / sectorsPerTrack);
  }
  return { cylinders: Math.floor(cylinderTimesHeads / heads), heads, sectorsPerTrack };
}

/** One's complement of the sum of all bytes, the checksum's own four left out. */
function checksumOf(bytes: Uint8Array): number {
  let sum = 0;
  bytes.forEach((byte, index) => {
    if (index < 64 || index >= 68) sum += byte;
  });
  return ~sum >>> 0;
}
