import type { Duplex } from "node:stream";
import { negotiateExport } from "./negotiation.ts";
import {
  blockSize,
  command,
  commandFlag,
  decodeRequest,
  encodeReply,
  nbdError,
  requestHeaderBytes,
  type NbdRequest,
} from "./nbd-protocol.ts";
import type { NbdExport } from "./nbd-export.ts";
import { StreamEndedError, StreamReader } from "./stream-reader.ts";

/** Payload held for one client. Two of the largest requests: less would halt a client that sends them. */
const maxBytesUnderWay = 2 * blockSize.maximumBytes;
/** Requests served at once for one client: more than the queue of a virtio disk uses, few enough to bound memory. */
const maxRequestsUnderWay = 128;

/** Told of each fault of a volume; the guest gets an I/O error. */
export type FaultReport = (error: unknown) => void;

/** A client and what was chosen for it. */
interface Session {
  readonly stream: Duplex;
  readonly served: NbdExport;
  readonly report: FaultReport;
}

/**
 * Serves one client until it leaves, breaks the protocol, or the stream fails. On return no request is under way and
 * the stream is destroyed. Does not throw for anything that a client can do.
 */
export async function serveNbdConnection(
  stream: Duplex,
  exports: ReadonlyMap<string, NbdExport>,
  report: FaultReport,
): Promise<void> {
  const reader = new StreamReader(stream);
  // A failed stream shows up in the reader as well; without a listener it would end the process.
  stream.on("error", () => stream.destroy());
  try {
    const chosen = await negotiateExport(reader, stream, exports);
    if (chosen !== undefined) await transmit(reader, { stream, served: chosen, report });
    await endStream(stream);
  } catch (error) {
    // A client that vanishes is an ordinary end. Anything else is a bug and must be seen.
    if (!(error instanceof StreamEndedError) && !stream.destroyed && !isStreamFailure(error)) throw error;
  } finally {
    stream.destroy();
  }
}

function isStreamFailure(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return code === "ECONNRESET" || code === "EPIPE" || code === "ERR_STREAM_PREMATURE_CLOSE";
}

/** Lets the last answers out before the stream is destroyed. */
function endStream(stream: Duplex): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed) return resolve();
    stream.once("close", resolve);
    stream.end(resolve);
  });
}

async function transmit(reader: StreamReader, session: Session): Promise<void> {
  const underWay = new Set<Promise<void>>();
  let bytesUnderWay = 0;
  try {
    for (;;) {
      const header = await reader.read(requestHeaderBytes);
      if (header === undefined) return;
      const request = decodeRequest(header);
      if (request === undefined || request.type === command.disconnect) return;
      const payloadBytes = carriesPayload(request) ? request.lengthBytes : 0;
      // Skipping a payload of up to 4 GiB only to refuse it would let a client keep us busy: the protocol allows closing.
      if (payloadBytes > blockSize.maximumBytes) return;
      while (underWay.size >= maxRequestsUnderWay || bytesUnderWay + payloadBytes > maxBytesUnderWay) {
        await Promise.race(underWay);
      }
      const payload = request.type === command.write ? await reader.readExactly(payloadBytes) : undefined;
      bytesUnderWay += payloadBytes;
      const work = serveRequest(session, request, payload).finally(() => {
        bytesUnderWay -= payloadBytes;
        underWay.delete(work);
      });
      underWay.add(work);
    }
  } finally {
    await Promise.all(underWay);
  }
}

function carriesPayload(request: NbdRequest): boolean {
  return request.type === command.write || request.type === command.read;
}

async function serveRequest(session: Session, request: NbdRequest, payload: Buffer | undefined): Promise<void> {
  const { stream, served, report } = session;
  let error: number = findRequestError(served, request);
  let answer: Buffer | undefined;
  if (error === nbdError.none) {
    try {
      answer = await runRequest(served, request, payload);
      if ((request.flags & commandFlag.forceUnitAccess) !== 0 && changesData(request)) await served.flush();
    } catch (fault) {
      report(fault);
      error = isNoSpace(fault) ? nbdError.noSpace : nbdError.io;
      answer = undefined;
    }
  }
  const reply = encodeReply(request.cookie, error);
  await send(stream, answer === undefined ? [reply] : [reply, answer]);
}

/** Waits until the answer has left, so that a client that does not read cannot pile up answers. */
function send(stream: Duplex, parts: readonly Buffer[]): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed || stream.writableEnded) return resolve();
    stream.cork();
    parts.forEach((part, index) => stream.write(part, index === parts.length - 1 ? () => resolve() : undefined));
    stream.uncork();
  });
}

function changesData(request: NbdRequest): boolean {
  return request.type === command.write || request.type === command.trim || request.type === command.writeZeroes;
}

function isNoSpace(fault: unknown): boolean {
  return fault instanceof Error && "code" in fault && fault.code === "ENOSPC";
}

function findRequestError(served: NbdExport, request: NbdRequest): number {
  const { type, offsetBytes, lengthBytes } = request;
  if (type === command.flush) return nbdError.none;
  if (type !== command.read && !changesData(request)) return nbdError.notSupported;
  if (offsetBytes % blockSize.minimumBytes !== 0 || lengthBytes % blockSize.minimumBytes !== 0) return nbdError.invalid;
  if (lengthBytes === 0) return nbdError.invalid;
  if (offsetBytes + lengthBytes > served.sizeBytes) {
    return type === command.read || type === command.trim ? nbdError.invalid : nbdError.noSpace;
  }
  return nbdError.none;
}

/** Carries out a checked request; the data read, where there is some. */
async function runRequest(
  served: NbdExport,
  request: NbdRequest,
  payload: Buffer | undefined,
): Promise<Buffer | undefined> {
  const { type, flags, offsetBytes, lengthBytes } = request;
  if (type === command.read) {
    const target = Buffer.allocUnsafe(lengthBytes);
    await served.read(offsetBytes, target);
    return target;
  }
  if (type === command.write && payload !== undefined) await served.write(offsetBytes, payload);
  if (type === command.trim) await served.trim(offsetBytes, lengthBytes);
  if (type === command.writeZeroes) {
    await served.writeZeroes(offsetBytes, lengthBytes, (flags & commandFlag.noHole) === 0);
  }
  if (type === command.flush) await served.flush();
  return undefined;
}
