import type { BlobCall } from "./blob-call.ts";
import { BlobError } from "./blob-error.ts";
import type { BlobRecord } from "./blob-record.ts";
import { leaseHeaders } from "./leases.ts";

const metadataPrefix = "x-ms-meta-";

/** `x-ms-meta-*` of a call, by name without the prefix. */
export function readMetadata(call: BlobCall): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of Object.keys(call.request.headers)) {
    if (!name.startsWith(metadataPrefix)) continue;
    const key = name.slice(metadataPrefix.length);
    if (!/^[a-z_][a-z0-9_]*$/i.test(key)) {
      throw new BlobError(
        400,
        "InvalidMetadata",
        "The metadata specified is invalid. It has characters that are not permitted.",
      );
    }
    found[key] = call.header(name) ?? "";
  }
  return found;
}

export function metadataHeaders(metadata: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(metadata).map(([key, value]) => [`${metadataPrefix}${key}`, value]));
}

const contentNames = [
  "content-type",
  "content-encoding",
  "content-language",
  "content-md5",
  "cache-control",
  "content-disposition",
];

/** The `x-ms-blob-content-*` headers of a call, under the names that a download shows them by. */
export function readContentHeaders(call: BlobCall): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of contentNames) {
    const value = call.header(`x-ms-blob-${name}`) ?? (name === "content-type" ? call.header(name) : undefined);
    if (value !== undefined) found[name] = value;
  }
  return { "content-type": "application/octet-stream", ...found };
}

export function httpTime(epochMs: number): string {
  return new Date(epochMs).toUTCString();
}

/** ETag and Last-Modified: every answer about a blob or container that is there has them. */
export function versionHeaders(present: {
  readonly etag: string;
  readonly modifiedAtMs: number;
}): Record<string, string> {
  return { etag: present.etag, "last-modified": httpTime(present.modifiedAtMs) };
}

/** What Get Blob and Get Blob Properties both show. */
export function propertyHeaders(blob: BlobRecord, nowMs: number): Record<string, string> {
  const { copy } = blob;
  return {
    ...versionHeaders(blob),
    ...blob.contentHeaders,
    ...metadataHeaders(blob.metadata),
    "x-ms-blob-type": blob.kind,
    "x-ms-creation-time": httpTime(blob.createdAtMs),
    "x-ms-server-encrypted": "true",
    "accept-ranges": "bytes",
    ...(blob.snapshot === undefined ? leaseHeaders(blob.lease, nowMs) : {}),
    ...(blob.kind === "PageBlob" ? { "x-ms-blob-sequence-number": String(blob.sequenceNumber) } : {}),
    ...(copy === undefined
      ? {}
      : {
          "x-ms-copy-id": copy.id,
          "x-ms-copy-source": copy.source,
          "x-ms-copy-status": copy.status,
          "x-ms-copy-progress": `${copy.totalBytes}/${copy.totalBytes}`,
          "x-ms-copy-completion-time": httpTime(copy.completedAtMs),
        }),
  };
}
