import { type Clock, HoldfastError, hasErrorCode } from "@holdfast/kernel";
import { headerText } from "../http/http-message.ts";
import type { AccessLease } from "./access-lease.ts";
import type { BlobClient } from "./blob-client.ts";

const maxTries = 4;

/** Asks the length of the page blob behind a lease, footer included; renews an access that is refused. */
export async function openedLength(
  deps: { readonly blobs: BlobClient; readonly clock: Clock },
  lease: AccessLease,
  signal?: AbortSignal,
): Promise<number> {
  let granted = await lease.current(signal);
  for (let tries = 1; ; tries += 1) {
    try {
      const answer = await deps.blobs.send(granted.access, { method: "HEAD", expected: [200], signal });
      const length = Number(headerText(answer, "content-length"));
      if (!Number.isSafeInteger(length) || length <= 0 || length % 512 !== 0)
        throw noPageBlob(granted.access.url, length);
      return length;
    } catch (error) {
      if (!hasErrorCode(error, "stackhub.blob.sas-refused") || tries >= maxTries) throw error;
      await deps.clock.sleep(1_000 * tries, signal === undefined ? {} : { signal });
      granted = await lease.renew(granted, signal);
    }
  }
}

function noPageBlob(url: URL, length: number): HoldfastError {
  return new HoldfastError({
    code: "stackhub.blob.not-a-disk",
    message: `${url.host}${url.pathname} has a length of ${length} bytes, which no page blob has`,
    advice: "Check that the address is that of a disk's VHD.",
    details: { length: Number.isNaN(length) ? -1 : length },
  });
}
