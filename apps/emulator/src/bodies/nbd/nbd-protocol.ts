/**
 * Numbers and fixed-size messages of the NBD protocol, newstyle negotiation with simple replies. All fields are big
 * endian. Source: the protocol document of the NBD project, `doc/proto.md`.
 */
export const negotiationMagic = 0x4e42444d41474943n; // "NBDMAGIC"
export const optionMagic = 0x49484156454f5054n; // "IHAVEOPT"
const optionReplyMagic = 0x0003e889045565a9n;
const requestMagic = 0x25609513;
const simpleReplyMagic = 0x67446698;

export const handshakeFlag = { fixedNewstyle: 1, noZeroes: 2 } as const;

export const option = { exportName: 1, abort: 2, list: 3, info: 6, go: 7 } as const;

export const optionReply = {
  ack: 1,
  server: 2,
  info: 3,
  unsupported: 0x8000_0001,
  invalid: 0x8000_0003,
  unknownExport: 0x8000_0006,
  tooBig: 0x8000_0009,
} as const;

export const infoType = { export: 0, blockSize: 3 } as const;

/** Transmission flags. Several connections at once are not announced: a barrier is kept per volume, but QEMU opens one. */
export const transmissionFlags =
  0x01 | // has flags
  0x04 | // flush
  0x08 | // forced unit access
  0x20 | // trim
  0x40; // write zeroes

export const command = { read: 0, write: 1, disconnect: 2, flush: 3, trim: 4, writeZeroes: 6 } as const;
export const commandFlag = { forceUnitAccess: 1, noHole: 2 } as const;

export const nbdError = { none: 0, io: 5, invalid: 22, noSpace: 28, notSupported: 95, shutdown: 108 } as const;

/** Block sizes told to clients: pages of the platform; 4 KiB preferred; the largest payload that qemu ever sends. */
export const blockSize = { minimumBytes: 512, preferredBytes: 4096, maximumBytes: 32 * 1024 * 1024 } as const;

export interface NbdRequest {
  readonly flags: number;
  readonly type: number;
  /** Chosen by the client, returned as it is. */
  readonly cookie: bigint;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

export const requestHeaderBytes = 28;

/**
 * Decodes a request header. Undefined where it is not one: the stream is out of step and must be closed. An offset
 * beyond the safe integers becomes `Infinity`, which no export contains.
 */
export function decodeRequest(header: Buffer): NbdRequest | undefined {
  if (header.length !== requestHeaderBytes || header.readUInt32BE(0) !== requestMagic) return undefined;
  const offset = header.readBigUInt64BE(16);
  return {
    flags: header.readUInt16BE(4),
    type: header.readUInt16BE(6),
    cookie: header.readBigUInt64BE(8),
    offsetBytes: offset <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(offset) : Infinity,
    lengthBytes: header.readUInt32BE(24),
  };
}

export function encodeRequest(request: NbdRequest): Buffer {
  const header = Buffer.alloc(requestHeaderBytes);
  header.writeUInt32BE(requestMagic, 0);
  header.writeUInt16BE(request.flags, 4);
  header.writeUInt16BE(request.type, 6);
  header.writeBigUInt64BE(request.cookie, 8);
  header.writeBigUInt64BE(BigInt(request.offsetBytes), 16);
  header.writeUInt32BE(request.lengthBytes, 24);
  return header;
}

export function encodeReply(cookie: bigint, error: number): Buffer {
  const reply = Buffer.alloc(16);
  reply.writeUInt32BE(simpleReplyMagic, 0);
  reply.writeUInt32BE(error, 4);
  reply.writeBigUInt64BE(cookie, 8);
  return reply;
}

export function encodeGreeting(): Buffer {
  const greeting = Buffer.alloc(18);
  greeting.writeBigUInt64BE(negotiationMagic, 0);
  greeting.writeBigUInt64BE(optionMagic, 8);
  greeting.writeUInt16BE(handshakeFlag.fixedNewstyle | handshakeFlag.noZeroes, 16);
  return greeting;
}

export function encodeOptionReply(optionNumber: number, type: number, data: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(20);
  head.writeBigUInt64BE(optionReplyMagic, 0);
  head.writeUInt32BE(optionNumber, 8);
  head.writeUInt32BE(type, 12);
  head.writeUInt32BE(data.length, 16);
  return Buffer.concat([head, data]);
}

/** Size and transmission flags: the body of an export information, and the answer to the oldest option. */
export function encodeExport(sizeBytes: number): Buffer {
  const body = Buffer.alloc(10);
  body.writeBigUInt64BE(BigInt(sizeBytes), 0);
  body.writeUInt16BE(transmissionFlags, 8);
  return body;
}

export function encodeBlockSizeInfo(): Buffer {
  const body = Buffer.alloc(14);
  body.writeUInt16BE(infoType.blockSize, 0);
  body.writeUInt32BE(blockSize.minimumBytes, 2);
  body.writeUInt32BE(blockSize.preferredBytes, 6);
  body.writeUInt32BE(blockSize.maximumBytes, 10);
  return body;
}

/** Decodes the data of INFO and GO: the export asked for. Undefined where lengths do not add up. */
export function decodeInfoQuery(data: Buffer): { readonly exportName: string } | undefined {
  if (data.length < 6) return undefined;
  const nameLength = data.readUInt32BE(0);
  if (nameLength > data.length - 6) return undefined;
  const queries = data.readUInt16BE(4 + nameLength);
  if (data.length !== 6 + nameLength + queries * 2) return undefined;
  return { exportName: data.toString("utf8", 4, 4 + nameLength) };
}
