import type { IncomingMessage } from "node:http";

export class BodyTooLarge extends Error {}

/** Reads a whole request body. Throws BodyTooLarge past the limit. */
export async function readBody(request: IncomingMessage, limitBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    const bytes = chunk as Buffer;
    length += bytes.length;
    if (length > limitBytes) throw new BodyTooLarge(`the request is longer than ${limitBytes} bytes`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}
