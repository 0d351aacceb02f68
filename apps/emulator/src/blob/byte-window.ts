import { type ByteRange, byteRange } from "@holdfast/kernel";
import type { BlobCall } from "./blob-call.ts";
import { BlobError, invalidHeader, invalidRange } from "./blob-error.ts";

/** The inclusive `Range` or `x-ms-range` of a call as a half-open range; undefined where there is none. */
export function requestedRange(
  call: BlobCall,
): { readonly start: number; readonly end: number | undefined } | undefined {
  const text = call.header("x-ms-range") ?? call.header("range");
  if (text === undefined) return undefined;
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(text) ?? [];
  if (from === undefined) throw invalidHeader("Range", text);
  const start = Number(from);
  const end = to === undefined || to === "" ? undefined : Number(to) + 1;
  if (!Number.isSafeInteger(start) || (end !== undefined && (!Number.isSafeInteger(end) || end <= start))) {
    throw invalidHeader("Range", text);
  }
  return { start, end };
}

/** The asked range cut at the blob's end; 416 where it begins past it. */
export function windowWithin(call: BlobCall, contentLength: number): ByteRange | undefined {
  const asked = requestedRange(call);
  if (asked === undefined) return undefined;
  if (asked.start >= contentLength) throw invalidRange(contentLength);
  return byteRange(asked.start, Math.min(asked.end ?? contentLength, contentLength));
}

/** The range of a page write: both ends on pages, inside the blob. */
export function pageWriteRange(call: BlobCall, contentLength: number): ByteRange {
  const asked = requestedRange(call);
  if (asked?.end === undefined)
    throw new BlobError(
      400,
      "MissingRequiredHeader",
      "An HTTP header that's mandatory for this request is not specified: Range.",
    );
  if (asked.start % 512 !== 0 || asked.end % 512 !== 0) {
    throw new BlobError(416, "InvalidPageRange", "The page range specified is invalid.");
  }
  if (asked.end > contentLength) throw new BlobError(416, "InvalidPageRange", "The page range specified is invalid.");
  return byteRange(asked.start, asked.end);
}
