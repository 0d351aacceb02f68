import type { Clock } from "@holdfast/kernel";
import type { OperationOption } from "../arm/long-running.ts";
import type { ResourceCalls } from "../arm/resource-calls.ts";
import { createAccessLease } from "../blob/access-lease.ts";
import type { BlobClient } from "../blob/blob-client.ts";
import { writePages } from "../blob/write-pages.ts";
import { grantAccess, revokeAccess } from "../snapshots/access.ts";
import type { PageSink } from "./staging.ts";

/** Writing to disks that await an upload. Whether a stamp has them is for its probe to find. */
export interface Uploads {
  open(diskId: string, contentBytes: number, options?: OperationOption): Promise<PageSink & AsyncDisposable>;
}

export function createUploads(deps: {
  readonly resources: ResourceCalls;
  readonly blobs: BlobClient;
  readonly clock: Clock;
}): Uploads {
  return {
    open: async (diskId, contentBytes, options = {}) => {
      const grant = (call: OperationOption) => grantAccess(deps, { id: diskId, access: "Write" }, call);
      // Access is not ended for its renewal: that would say that the upload is complete.
      const lease = createAccessLease(
        await grant(options),
        () => grant({}),
        () => deps.clock.monotonicMs(),
      );
      const { origin, pathname } = (await lease.current(options.signal)).access.url;
      return {
        uri: `${origin}${pathname}`,
        write: (offsetBytes, data, { signal } = {}) =>
          writePages(deps, lease, { offsetBytes, data, contentBytes, signal }),
        // Without the caller's signal: an aborted upload must not leave access behind.
        [Symbol.asyncDispose]: () => revokeAccess(deps, diskId),
      };
    },
  };
}
