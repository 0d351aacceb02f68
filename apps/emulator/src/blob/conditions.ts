import type { BlobCall } from "./blob-call.ts";
import { BlobError, conditionNotMet, invalidHeader } from "./blob-error.ts";
import type { PageBlobRecord } from "./blob-record.ts";

interface Conditioned {
  readonly etag: string;
  readonly modifiedAtMs: number;
}

function parseTime(name: string, text: string): number {
  const instant = Date.parse(text);
  if (Number.isNaN(instant)) throw invalidHeader(name, text);
  return instant;
}

function matches(header: string, etag: string): boolean {
  return header === "*" || header.split(",").some((one) => one.trim().replaceAll('"', "") === etag.replaceAll('"', ""));
}

function notModified(call: BlobCall): BlobError {
  const isRead = call.method === "GET" || call.method === "HEAD";
  return isRead
    ? new BlobError(304, "ConditionNotMet", "The condition specified using HTTP conditional header(s) is not met.")
    : conditionNotMet();
}

/** Checks If-Match, If-None-Match, If-Modified-Since and If-Unmodified-Since against what is there, or against nothing. */
export function requireConditions(call: BlobCall, present: Conditioned | undefined): void {
  const match = call.header("if-match");
  if (match !== undefined && (present === undefined || !matches(match, present.etag))) throw conditionNotMet();
  const noneMatch = call.header("if-none-match");
  if (noneMatch !== undefined && present !== undefined && matches(noneMatch, present.etag)) {
    if (noneMatch === "*" && call.method === "PUT" && call.query.get("comp") === null) {
      throw new BlobError(409, "BlobAlreadyExists", "The specified blob already exists.");
    }
    throw notModified(call);
  }
  if (present === undefined) return;
  const wholeSecond = Math.floor(present.modifiedAtMs / 1000) * 1000;
  const since = call.header("if-modified-since");
  if (since !== undefined && wholeSecond <= parseTime("If-Modified-Since", since)) throw notModified(call);
  const unmodified = call.header("if-unmodified-since");
  if (unmodified !== undefined && wholeSecond > parseTime("If-Unmodified-Since", unmodified)) throw conditionNotMet();
}

/** The three sequence-number conditions of page writes. */
export function requireSequence(call: BlobCall, blob: PageBlobRecord): void {
  const tests = [
    ["x-ms-if-sequence-number-le", (limit: number) => blob.sequenceNumber <= limit],
    ["x-ms-if-sequence-number-lt", (limit: number) => blob.sequenceNumber < limit],
    ["x-ms-if-sequence-number-eq", (limit: number) => blob.sequenceNumber === limit],
  ] as const;
  for (const [name, holds] of tests) {
    const text = call.header(name);
    if (text === undefined) continue;
    if (!/^\d+$/.test(text)) throw invalidHeader(name, text);
    if (!holds(Number(text))) {
      throw new BlobError(412, "SequenceNumberConditionNotMet", "The sequence number condition specified was not met.");
    }
  }
}
