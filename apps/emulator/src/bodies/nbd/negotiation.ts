import type { Writable } from "node:stream";
import {
  decodeInfoQuery,
  encodeBlockSizeInfo,
  encodeExport,
  encodeGreeting,
  encodeOptionReply,
  handshakeFlag,
  infoType,
  option,
  optionMagic,
  optionReply,
} from "./nbd-protocol.ts";
import type { NbdExport } from "./nbd-export.ts";
import type { StreamReader } from "./stream-reader.ts";

/** Longest option data read: an export name is at most 4096 bytes by the protocol, and queries are two bytes each. */
const maxOptionBytes = 8192;

/**
 * Haggles with a client until it has chosen an export. Answers undefined where it left or broke the protocol: the
 * connection is over.
 */
export async function negotiateExport(
  reader: StreamReader,
  writer: Writable,
  exports: ReadonlyMap<string, NbdExport>,
): Promise<NbdExport | undefined> {
  writer.write(encodeGreeting());
  const clientFlags = (await reader.readExactly(4)).readUInt32BE(0);
  const known = handshakeFlag.fixedNewstyle | handshakeFlag.noZeroes;
  if ((clientFlags & ~known) !== 0 || (clientFlags & handshakeFlag.fixedNewstyle) === 0) return undefined;
  const sendsZeroes = (clientFlags & handshakeFlag.noZeroes) === 0;
  for (;;) {
    const head = await reader.read(16);
    if (head === undefined || head.readBigUInt64BE(0) !== optionMagic) return undefined;
    const chosen = head.readUInt32BE(8);
    const length = head.readUInt32BE(12);
    if (length > maxOptionBytes) return undefined;
    const data = await reader.readExactly(length);
    if (chosen === option.abort) {
      writer.write(encodeOptionReply(chosen, optionReply.ack));
      return undefined;
    }
    if (chosen === option.exportName) {
      const found = exports.get(data.toString("utf8"));
      // The oldest option has no way to refuse: closing is what the protocol asks for.
      if (found === undefined) return undefined;
      writer.write(encodeExport(found.sizeBytes));
      if (sendsZeroes) writer.write(Buffer.alloc(124));
      return found;
    }
    const found = answerOption(writer, chosen, data, exports);
    if (found !== undefined) return found;
  }
}

/** Answers one option; the export where the client may go on to transmission. */
function answerOption(
  writer: Writable,
  chosen: number,
  data: Buffer,
  exports: ReadonlyMap<string, NbdExport>,
): NbdExport | undefined {
  const reply = (type: number, body?: Buffer): undefined => {
    writer.write(encodeOptionReply(chosen, type, body));
  };
  if (chosen === option.list) {
    if (data.length > 0) return reply(optionReply.invalid);
    for (const name of exports.keys()) {
      const bytes = Buffer.from(name, "utf8");
      const entry = Buffer.alloc(4 + bytes.length);
      entry.writeUInt32BE(bytes.length, 0);
      bytes.copy(entry, 4);
      reply(optionReply.server, entry);
    }
    return reply(optionReply.ack);
  }
  if (chosen !== option.info && chosen !== option.go) return reply(optionReply.unsupported);
  const query = decodeInfoQuery(data);
  if (query === undefined) return reply(optionReply.invalid);
  const found = exports.get(query.exportName);
  if (found === undefined) return reply(optionReply.unknownExport);
  const type = Buffer.alloc(2);
  type.writeUInt16BE(infoType.export, 0);
  reply(optionReply.info, Buffer.concat([type, encodeExport(found.sizeBytes)]));
  // Sent unasked: a client that does not know it ignores it, and one that knows it keeps to 512-byte pages.
  reply(optionReply.info, encodeBlockSizeInfo());
  reply(optionReply.ack);
  return chosen === option.go ? found : undefined;
}
