import { hasErrorCode, invariant, MiB } from "@holdfast/kernel";
import type { AccessLease } from "./access-lease.ts";
import type { BlobCall, BlobClient } from "./blob-client.ts";

const maxWriteBytes = 4 * MiB;
export const pageBytes = 512;

export interface PageWrite {
  readonly offsetBytes: number;
  readonly data: Uint8Array;
  /** Length of the whole blob. */
  readonly contentBytes: number;
  readonly signal: AbortSignal | undefined;
}

/** Writes whole pages, at most 4 MiB of them. Safe to repeat. */
export async function writePages(
  deps: { readonly blobs: BlobClient },
  lease: AccessLease,
  write: PageWrite,
): Promise<void> {
  const { offsetBytes, data, contentBytes } = write;
  const end = offsetBytes + data.byteLength;
  invariant(
    data.byteLength > 0 && data.byteLength <= maxWriteBytes && end <= contentBytes,
    `a write of ${data.byteLength} bytes at ${offsetBytes} is too long or leaves the blob`,
  );
  invariant(
    offsetBytes % pageBytes === 0 && end % pageBytes === 0,
    `a write at ${offsetBytes} to ${end} is not of whole pages`,
  );
  await sendRenewing(deps, lease, {
    method: "PUT",
    query: { comp: "page" },
    headers: { "x-ms-page-write": "update", Range: `bytes=${offsetBytes}-${end - 1}` },
    body: data,
    expected: [201],
    signal: write.signal,
  });
}

/** Sends, and once more with the account's current key where the one at hand was refused. */
export async function sendRenewing(deps: { readonly blobs: BlobClient }, lease: AccessLease, call: BlobCall) {
  const granted = await lease.current(call.signal);
  try {
    return await deps.blobs.send(granted.access, call);
  } catch (error) {
    if (!hasErrorCode(error, "stackhub.blob.sas-refused")) throw error;
    return deps.blobs.send((await lease.renew(granted, call.signal)).access, call);
  }
}
