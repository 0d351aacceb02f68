/** Length of the footer after the guest's bytes in a fixed VHD. */
export const vhdFooterBytes = 512;

const checksumOffset = 64;
/** Seconds from 1970 to 2000, from where VHD counts. */
const vhdEpochSeconds = 946_684_800;

/** Cylinders, heads and sectors by the rule of the VHD specification's appendix. */
function geometryOf(guestBytes: number): { cylinders: number; heads: number; sectors: number } {
  const total = Math.min(Math.floor(guestBytes / 512), 65_535 * 16 * 255);
  const from = (sectors: number, heads: number) => ({
    cylinders: Math.floor(Math.floor(total / sectors) / heads),
    heads,
    sectors,
  });
  if (total >= 65_535 * 16 * 63) return from(255, 16);
  const cylinderHeads = Math.floor(total / 17);
  const heads = Math.max(4, Math.floor((cylinderHeads + 1023) / 1024));
  if (cylinderHeads < heads * 1024 && heads <= 16) return from(17, heads);
  const wider = Math.floor(total / 31);
  return wider < 16 * 1024 ? from(31, 16) : from(63, 16);
}

function checksumOf(footer: Buffer): number {
  let sum = 0;
  for (const [index, byte] of footer.entries()) {
    if (index < checksumOffset || index >= checksumOffset + 4) sum += byte;
  }
  return ~sum >>> 0;
}

/** Writes the footer of a fixed VHD of `guestBytes`. `uniqueId` is a UUID. */
export function createVhdFooter(disk: {
  readonly guestBytes: number;
  readonly uniqueId: string;
  readonly nowMs: number;
}): Buffer {
  const footer = Buffer.alloc(vhdFooterBytes);
  const { cylinders, heads, sectors } = geometryOf(disk.guestBytes);
  footer.write("conectix", 0, "latin1");
  footer.writeUInt32BE(2, 8);
  footer.writeUInt32BE(0x0001_0000, 12);
  footer.fill(0xff, 16, 24);
  footer.writeUInt32BE(Math.max(0, Math.floor(disk.nowMs / 1000) - vhdEpochSeconds), 24);
  footer.write("win ", 28, "latin1");
  footer.writeUInt32BE(0x000a_0000, 32);
  footer.write("Wi2k", 36, "latin1");
  footer.writeBigUInt64BE(BigInt(disk.guestBytes), 40);
  footer.writeBigUInt64BE(BigInt(disk.guestBytes), 48);
  footer.writeUInt16BE(cylinders, 56);
  footer.writeUInt8(heads, 58);
  footer.writeUInt8(sectors, 59);
  footer.writeUInt32BE(2, 60);
  Buffer.from(disk.uniqueId.replaceAll("-", ""), "hex").copy(footer, 68);
  footer.writeUInt32BE(checksumOf(footer), checksumOffset);
  return footer;
}

/** Says what is wrong with the footer of a fixed VHD; undefined where nothing is. */
export function findVhdFault(footer: Buffer, contentBytes: number): string | undefined {
  const guestBytes = contentBytes - vhdFooterBytes;
  if (guestBytes <= 0 || guestBytes % 1_048_576 !== 0) {
    return `its size of ${contentBytes} bytes is not a multiple of 1 MiB and a footer of 512 bytes`;
  }
  if (footer.toString("latin1", 0, 8) !== "conectix") return "it has no footer with the cookie 'conectix'";
  if (footer.readUInt32BE(checksumOffset) !== checksumOf(footer)) return "the checksum of its footer is wrong";
  if (footer.readUInt32BE(60) !== 2) return "it is not a fixed VHD";
  if (footer.readBigUInt64BE(48) !== BigInt(guestBytes)) return "the size in its footer is not the size of the blob";
  return undefined;
}
