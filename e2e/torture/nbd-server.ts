import { createServer } from "node:net";
import type { Server, Socket } from "node:net";
import type { VolatileDisk } from "./volatile-disk.ts";

// The protocol of network block devices, fixed newstyle, as far as nbdfuse asks for it:
// https://github.com/NetworkBlockDevice/nbd/blob/master/doc/proto.md
const magic = { hello: "NBDMAGICIHAVEOPT", reply: 0x3e889045565a9n, request: 0x25609513, answer: 0x67446698 };
const option = { abort: 2, info: 6, go: 7 };
const reply = { ack: 1, info: 3, unsupported: 0x80000001 };
const command = { read: 0, write: 1, disconnect: 2, flush: 3, writeZeroes: 6 };
/** Has flags; knows flush, FUA and write-zeroes. One connection at a time: a flush is for what came before it on this one. */
const exportFlags = 1 | 4 | 8 | 64;
const fuaFlag = 1;

/** A disk as the server sees it: it takes no request and gives no answer while the gate is shut. */
export interface ServedDisk extends Pick<VolatileDisk, "sizeBytes" | "read" | "write" | "flush"> {
  gate(): Promise<void>;
}

/** Serves a disk on a Unix socket until the server is closed. */
export async function serveNbd(disk: ServedDisk, socketPath: string): Promise<Server> {
  const server = createServer((socket) => {
    // A client that goes away without a word was killed with its machine.
    talk(disk, socket).catch(() => socket.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(socketPath, resolve);
  });
  return server;
}

async function talk(disk: ServedDisk, socket: Socket): Promise<void> {
  const take = createTaker(socket);
  const hello = Buffer.alloc(18);
  hello.write(magic.hello, "latin1");
  hello.writeUInt16BE(3, 16);
  socket.write(hello);
  await take(4);
  if (await negotiate(disk, socket, take)) await transmit(disk, socket, take);
  socket.end();
}

type Take = (length: number) => Promise<Buffer>;

async function negotiate(disk: ServedDisk, socket: Socket, take: Take): Promise<boolean> {
  for (;;) {
    const head = await take(16);
    const asked = head.readUInt32BE(8);
    await take(head.readUInt32BE(12));
    if (asked === option.abort) return false;
    if (asked !== option.go && asked !== option.info) {
      socket.write(optionReply(asked, reply.unsupported, Buffer.alloc(0)));
      continue;
    }
    const info = Buffer.alloc(12);
    info.writeBigUInt64BE(BigInt(disk.sizeBytes), 2);
    info.writeUInt16BE(exportFlags, 10);
    socket.write(optionReply(asked, reply.info, info));
    socket.write(optionReply(asked, reply.ack, Buffer.alloc(0)));
    if (asked === option.go) return true;
  }
}

function optionReply(asked: number, type: number, data: Buffer): Buffer {
  const head = Buffer.alloc(20);
  head.writeBigUInt64BE(magic.reply, 0);
  head.writeUInt32BE(asked, 8);
  head.writeUInt32BE(type, 12);
  head.writeUInt32BE(data.length, 16);
  return Buffer.concat([head, data]);
}

async function transmit(disk: ServedDisk, socket: Socket, take: Take): Promise<void> {
  for (;;) {
    const head = await take(28);
    if (head.readUInt32BE(0) !== magic.request) throw new RangeError("not a request");
    const isThrough = (head.readUInt16BE(4) & fuaFlag) !== 0;
    const type = head.readUInt16BE(6);
    const offset = Number(head.readBigUInt64BE(16));
    const length = head.readUInt32BE(24);
    if (type === command.disconnect) return;
    await disk.gate();
    if (type === command.write) disk.write(offset, await take(length), { isThrough });
    if (type === command.writeZeroes) disk.write(offset, Buffer.alloc(length), { isThrough });
    if (type === command.flush) disk.flush();
    await disk.gate();
    const answer = Buffer.alloc(16);
    answer.writeUInt32BE(magic.answer, 0);
    head.copy(answer, 8, 8, 16);
    socket.write(answer);
    // What is read may be written over before the socket has sent it.
    if (type === command.read) socket.write(Buffer.from(disk.read(offset, length)));
  }
}

/** Answers bytes of a stream by the length asked for. */
function createTaker(socket: Socket): Take {
  const parts = socket[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let held: Buffer[] = [];
  let heldBytes = 0;
  return async (length) => {
    while (heldBytes < length) {
      const { value, done } = await parts.next();
      if (done === true) throw new RangeError("the client is gone");
      held.push(value);
      heldBytes += value.length;
    }
    const all = held.length === 1 ? held[0]! : Buffer.concat(held);
    held = [all.subarray(length)];
    heldBytes -= length;
    return all.subarray(0, length);
  };
}
