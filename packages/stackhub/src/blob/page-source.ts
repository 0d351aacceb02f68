import {
  type ByteRange,
  type Clock,
  GiB,
  HoldfastError,
  MiB,
  hasErrorCode,
  invariant,
  rangeLength,
} from "@holdfast/kernel";
import { headerText, type HttpAnswer } from "../http/http-message.ts";
import type { AccessLease, GrantedAccess } from "./access-lease.ts";
import type { BlobAccess, BlobClient } from "./blob-client.ts";
import { createPageListScanner, type ListedRange, TooManyRanges } from "./page-list-scanner.ts";

export interface SignalOption {
  readonly signal?: AbortSignal;
}

export interface ReadOption extends SignalOption {
  readonly into?: Uint8Array;
}

/** A page blob opened for reading; the engine's port of the same name says what it must keep. */
export interface PageSource {
  readonly contentBytes: number;
  listAllocated(options?: SignalOption): AsyncIterable<ByteRange>;
  listChanged(since: PageSource, options?: SignalOption): AsyncIterable<ListedRange>;
  /** Answers the bytes: `into`, filled, where it is handed in with the range's length. */
  read(range: ByteRange, options?: ReadOption): Promise<Uint8Array>;
}

export interface PageSourceDeps {
  readonly blobs: BlobClient;
  readonly clock: Clock;
}

export interface PageSourceParts {
  readonly lease: AccessLease;
  readonly contentBytes: number;
  /** Null for a managed snapshot, whose changes are asked by the address of the older one. */
  readonly blobSnapshotTime: string | null;
}

const maxReadBytes = 4 * MiB;
/** 6 MiB of XML at most; beyond it the window is halved. */
const maxRangesPerAnswer = 100_000;
const maxListBytes = 32 * MiB;
const firstWindowBytes = 16 * GiB;
const maxWindowBytes = 256 * GiB;
// The window that always fits: every other 512-byte page of it makes 4096 ranges.
const minWindowBytes = 4 * MiB;
const maxTries = 5;
const retryPauseMs = 1_000;

// What another source must show to be compared with, kept away from everyone else.
const partsOf = new WeakMap<PageSource, PageSourceParts>();

/** Opens a page blob for ranges and reads by an access that is renewed when it is refused. */
export function createPageSource(deps: PageSourceDeps, parts: PageSourceParts): PageSource {
  const source: PageSource = {
    contentBytes: parts.contentBytes,
    listAllocated: async function* (options = {}) {
      for await (const listed of listWindows(deps, parts, null, options)) {
        // Without an older snapshot every range is an allocated one; a cleared one holds nothing to read.
        if (listed.kind === "written") yield listed.range;
      }
    },
    listChanged: (since, options = {}) => {
      const older = partsOf.get(since);
      invariant(older !== undefined, "changes are asked between two sources of one stamp's adapter");
      return listWindows(deps, parts, older, options);
    },
    read: (range, options = {}) => readRange(deps, parts, range, options),
  };
  partsOf.set(source, parts);
  return source;
}

async function* listWindows(
  deps: PageSourceDeps,
  parts: PageSourceParts,
  older: PageSourceParts | null,
  options: SignalOption,
): AsyncGenerator<ListedRange> {
  let windowBytes = firstWindowBytes;
  for (let start = 0; start < parts.contentBytes;) {
    const window = { start, end: Math.min(start + windowBytes, parts.contentBytes) };
    const ranges = await listWindow(deps, parts, older, { ...options, window });
    if (ranges === null) {
      windowBytes = Math.max(Math.floor(windowBytes / 2 / minWindowBytes) * minWindowBytes, minWindowBytes);
      continue;
    }
    yield* ranges;
    start = window.end;
    if (ranges.length < maxRangesPerAnswer / 8) windowBytes = Math.min(windowBytes * 2, maxWindowBytes);
  }
}

/** Lists one window; null where it holds too many ranges for one answer. */
async function listWindow(
  deps: PageSourceDeps,
  parts: PageSourceParts,
  older: PageSourceParts | null,
  { window, signal }: SignalOption & { readonly window: ByteRange },
): Promise<ListedRange[] | null> {
  for (let tries = 1; ; tries += 1) {
    try {
      const leases = older === null || older === parts ? [parts.lease] : [parts.lease, older.lease];
      return await withAccess(deps, leases, signal, async ([access, olderAccess]) => {
        let scanner = createPageListScanner({ maxRanges: maxRangesPerAnswer });
        const answer = await deps.blobs.send(access!, {
          method: "GET",
          query: { comp: "pagelist", ...previousQuery(older) },
          headers: {
            Range: `bytes=${window.start}-${window.end - 1}`,
            ...previousHeader(older, olderAccess ?? access!),
          },
          maxAnswerBytes: maxListBytes,
          startData: () => {
            scanner = createPageListScanner({ maxRanges: maxRangesPerAnswer });
            return (piece) => {
              scanner.push(piece);
            };
          },
          expected: [200],
          signal,
        });
        checkLength(answer, parts.contentBytes);
        return clip(scanner.end(), window);
      });
    } catch (error) {
      if (error instanceof TooManyRanges && rangeLength(window) > minWindowBytes) return null;
      if (!hasErrorCode(error, "stackhub.blob.bad-page-list") || tries >= maxTries) throw error;
      await deps.clock.sleep(retryPauseMs * tries, signal === undefined ? {} : { signal });
    }
  }
}

function previousQuery(older: PageSourceParts | null): Record<string, string> {
  return older === null || older.blobSnapshotTime === null ? {} : { prevsnapshot: older.blobSnapshotTime };
}

function previousHeader(older: PageSourceParts | null, access: BlobAccess): Record<string, string> {
  if (older === null || older.blobSnapshotTime !== null) return {};
  return { "x-ms-previous-snapshot-url": access.url.href };
}

function checkLength(answer: HttpAnswer, contentBytes: number): void {
  const stated = headerText(answer, "x-ms-blob-content-length");
  if (stated === undefined || Number(stated) === contentBytes) return;
  throw new HoldfastError({
    code: "stackhub.blob.length-changed",
    message: `the stamp lists ranges of a blob of ${stated} bytes where ${contentBytes} were opened`,
    advice: "Capture again: the blob was replaced or resized while it was read.",
    details: { contentBytes },
  });
}

/** A range may reach over the window's edge, and some services answer more than the window. */
function clip(ranges: readonly ListedRange[], window: ByteRange): ListedRange[] {
  return ranges
    .map(({ kind, range }) => ({
      kind,
      range: { start: Math.max(range.start, window.start), end: Math.min(range.end, window.end) },
    }))
    .filter(({ range }) => range.end > range.start);
}

async function readRange(
  deps: PageSourceDeps,
  parts: PageSourceParts,
  range: ByteRange,
  { signal, into }: ReadOption,
): Promise<Uint8Array> {
  const length = rangeLength(range);
  invariant(into === undefined || into.length === length, "the memory handed in has the range's length");
  invariant(length > 0 && length <= maxReadBytes, `a read of ${length} bytes is not one of 1 to ${maxReadBytes}`);
  invariant(
    range.end <= parts.contentBytes,
    `a read up to ${range.end} leaves the blob of ${parts.contentBytes} bytes`,
  );
  for (let tries = 1; ; tries += 1) {
    const answer = await withAccess(deps, [parts.lease], signal, ([access]) =>
      deps.blobs.send(access!, {
        method: "GET",
        headers: { Range: `bytes=${range.start}-${range.end - 1}` },
        maxAnswerBytes: Math.max(length, 64 * 1024),
        // 200 is judged below: a service that ignores the range must not pass for one that kept it.
        expected: [200, 206],
        into,
        signal,
      }),
    );
    const wanted = `bytes ${range.start}-${range.end - 1}/${parts.contentBytes}`;
    if (answer.status === 206 && answer.body.byteLength === length && headerText(answer, "content-range") === wanted) {
      return answer.body;
    }
    if (tries >= maxTries) throw shortAnswer(range, answer);
    await deps.clock.sleep(retryPauseMs * tries, signal === undefined ? {} : { signal });
  }
}

function shortAnswer(range: ByteRange, answer: HttpAnswer): HoldfastError {
  return new HoldfastError({
    code: "stackhub.blob.short-answer",
    message: `the stamp answers bytes ${range.start} to ${range.end} of a blob with other bytes than these, again and again`,
    advice: "Check for a proxy between here and the stamp; report this where there is none.",
    kind: "fault",
    isRetryable: true,
    details: { start: range.start, end: range.end, status: answer.status, answeredBytes: answer.body.byteLength },
  });
}

/** Calls with the leases' access, and again with renewed access where it is refused. */
async function withAccess<T>(
  deps: PageSourceDeps,
  leases: readonly AccessLease[],
  signal: AbortSignal | undefined,
  call: (access: readonly BlobAccess[]) => Promise<T>,
): Promise<T> {
  let granted: GrantedAccess[] = [];
  for (const lease of leases) granted.push(await lease.current(signal));
  for (let tries = 1; ; tries += 1) {
    try {
      return await call(granted.map(({ access }) => access));
    } catch (error) {
      if (!hasErrorCode(error, "stackhub.blob.sas-refused") || tries >= maxTries) throw error;
      // The first refusal is most often age; later ones are a stamp whose access service needs a moment.
      if (tries > 1) await deps.clock.sleep(retryPauseMs * tries, signal === undefined ? {} : { signal });
      const renewed: GrantedAccess[] = [];
      for (const [index, lease] of leases.entries()) renewed.push(await lease.renew(granted[index]!, signal));
      granted = renewed;
    }
  }
}
