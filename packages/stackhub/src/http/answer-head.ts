/** A head longer than this is no answer of the platform. */
const maxHeadBytes = 64 * 1024;

export interface AnswerHead {
  readonly status: number;
  /** Names in lower case; values of a repeated name are joined by a comma. */
  readonly headers: Readonly<Record<string, string>>;
  /** Length of the body; null where the head does not tell it by `Content-Length` alone. */
  readonly bodyBytes: number | null;
  readonly closes: boolean;
}

/** Raised where an answer is not as simple as this reader knows; a full client may still understand it. */
export class NotSimpleAnswer extends Error {}

/** Gathers the head of an HTTP/1.1 answer from pieces as they come. */
export function createHeadReader() {
  let text = "";
  return {
    /** Takes a piece; answers the head once it is whole, and how many bytes of the piece belong to it. */
    push(piece: Uint8Array): { readonly head: AnswerHead; readonly usedBytes: number } | null {
      const before = text.length;
      // Latin-1 keeps one letter for each byte.
      text += Buffer.from(piece.buffer, piece.byteOffset, piece.length).toString("latin1");
      const end = text.indexOf("\r\n\r\n");
      if (end < 0) {
        if (text.length > maxHeadBytes) throw new NotSimpleAnswer("the head is too long");
        return null;
      }
      const head = parseHead(text.slice(0, end));
      text = "";
      return { head, usedBytes: end + 4 - before };
    },
  };
}

/** Reads a head (RFC 9112); raises `NotSimpleAnswer` for all that is not a final HTTP/1.1 answer. */
export function parseHead(text: string): AnswerHead {
  const [statusLine = "", ...lines] = text.split("\r\n");
  const status = /^HTTP\/1\.1 ([2-5]\d\d)(?: |$)/.exec(statusLine)?.[1];
  if (status === undefined) throw new NotSimpleAnswer("no final HTTP/1.1 answer");
  const headers: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const line of lines) {
    const found = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*$/.exec(line);
    if (found === null) throw new NotSimpleAnswer("a line of the head is no header");
    const [, name = "", value = ""] = found;
    const key = name.toLowerCase();
    headers[key] = headers[key] === undefined ? value : `${headers[key]}, ${value}`;
  }
  const length = headers["content-length"];
  const isSimple = length !== undefined && /^\d{1,15}$/.test(length) && headers["transfer-encoding"] === undefined;
  const closes = /(^|[, \t])close($|[, \t])/i.test(headers["connection"] ?? "");
  return { status: Number(status), headers, bodyBytes: isSimple ? Number(length) : null, closes };
}
