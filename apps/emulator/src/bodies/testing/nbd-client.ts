import type { Duplex } from "node:stream";
import { command, encodeRequest, option, optionMagic } from "../nbd/nbd-protocol.ts";
import { StreamReader } from "../nbd/stream-reader.ts";

export interface OptionAnswer {
  readonly type: number;
  readonly data: Buffer;
}

/** A bare NBD client for tests: says exactly what it is told to, and answers what came back. One request at a time. */
export class NbdTestClient {
  readonly #stream: Duplex;
  readonly reader: StreamReader;
  #cookie = 0n;

  constructor(stream: Duplex) {
    this.#stream = stream;
    this.reader = new StreamReader(stream);
  }

  async greet(clientFlags = 3): Promise<Buffer> {
    const greeting = await this.reader.readExactly(18);
    const flags = Buffer.alloc(4);
    flags.writeUInt32BE(clientFlags);
    this.#stream.write(flags);
    return greeting;
  }

  sendOption(number: number, data: Buffer): void {
    const head = Buffer.alloc(16);
    head.writeBigUInt64BE(optionMagic, 0);
    head.writeUInt32BE(number, 8);
    head.writeUInt32BE(data.length, 12);
    this.#stream.write(Buffer.concat([head, data]));
  }

  /** All answers up to the one that ends the option. */
  async haggle(number: number, data: Buffer): Promise<OptionAnswer[]> {
    this.sendOption(number, data);
    const answers: OptionAnswer[] = [];
    for (;;) {
      const head = await this.reader.readExactly(20);
      const answer = { type: head.readUInt32BE(12), data: await this.reader.readExactly(head.readUInt32BE(16)) };
      answers.push(answer);
      if (answer.type === 1 || answer.type >= 0x8000_0000) return answers;
    }
  }

  async go(name: string): Promise<OptionAnswer[]> {
    return this.haggle(option.go, infoQuery(name));
  }

  /** Sends a request and waits for its answer: the error number, and the data of a read. */
  async request(
    type: number,
    offsetBytes: number,
    lengthBytes: number,
    more: { readonly flags?: number; readonly payload?: Buffer } = {},
  ): Promise<{ readonly error: number; readonly data: Buffer }> {
    this.#cookie += 1n;
    const cookie = this.#cookie;
    this.#stream.write(encodeRequest({ flags: more.flags ?? 0, type, cookie, offsetBytes, lengthBytes }));
    if (more.payload !== undefined) this.#stream.write(more.payload);
    const reply = await this.reader.readExactly(16);
    if (reply.readBigUInt64BE(8) !== cookie) throw new Error("the answer is to another request");
    const error = reply.readUInt32BE(4);
    const hasData = type === command.read && error === 0;
    return { error, data: hasData ? await this.reader.readExactly(lengthBytes) : Buffer.alloc(0) };
  }

  send(bytes: Buffer): void {
    this.#stream.write(bytes);
  }

  /** Reads and drops what comes until the other side ends. */
  async drain(): Promise<void> {
    while ((await this.reader.read(1)) !== undefined);
  }

  leave(): void {
    this.#stream.end();
  }
}

export function infoQuery(name: string): Buffer {
  const bytes = Buffer.from(name, "utf8");
  const data = Buffer.alloc(6 + bytes.length);
  data.writeUInt32BE(bytes.length, 0);
  bytes.copy(data, 4);
  return data;
}
