import { type Clock, HoldfastError, hasErrorCode } from "@holdfast/kernel";
import { headerText } from "../http/http-message.ts";
import type { SignalOption } from "../arm/arm-client.ts";
import type { BlobClient } from "./blob-client.ts";
import { openedLength } from "./opened-length.ts";
import { createPageSource, type PageSource } from "./page-source.ts";
import type { StorageAccounts } from "./storage-accounts.ts";

export interface BlobSnapshotDeps {
  readonly blobs: BlobClient;
  readonly accounts: StorageAccounts;
  readonly clock: Clock;
}

/** Snapshots of the page blob of an unmanaged disk. */
export interface BlobSnapshots {
  create(vhdUri: string, options?: SignalOption): Promise<{ readonly uri: string; readonly timeCreatedMs: number }>;
  open(snapshotUri: string, options?: SignalOption): Promise<(PageSource & AsyncDisposable) | null>;
  remove(snapshotUri: string, options?: SignalOption): Promise<void>;
}

export function createBlobSnapshots({ blobs, accounts, clock }: BlobSnapshotDeps): BlobSnapshots {
  return {
    create: async (vhdUri, options = {}) => {
      const { access } = await (await accounts.lease(vhdUri, options)).current(options.signal);
      const answer = await blobs.send(access, {
        method: "PUT",
        query: { comp: "snapshot" },
        // Twice makes two snapshots, and the first would leak.
        isIdempotent: false,
        expected: [201],
        signal: options.signal,
      });
      const time = headerText(answer, "x-ms-snapshot");
      if (time === undefined) throw notASnapshot(vhdUri);
      const uri = new URL(vhdUri);
      uri.searchParams.set("snapshot", time);
      return { uri: uri.href, timeCreatedMs: Date.parse(time) };
    },
    open: async (snapshotUri, options = {}) => {
      const blobSnapshotTime = snapshotTime(snapshotUri);
      const lease = await accounts.lease(snapshotUri, options);
      try {
        const contentBytes = await openedLength({ blobs, clock }, lease, options.signal);
        const source = createPageSource({ blobs, clock }, { lease, contentBytes, blobSnapshotTime });
        return Object.assign(source, { [Symbol.asyncDispose]: () => Promise.resolve() });
      } catch (error) {
        if (hasErrorCode(error, "stackhub.blob.not-found")) return null;
        throw error;
      }
    },
    remove: async (snapshotUri, options = {}) => {
      // Without the time the base blob, which is the disk, would be deleted.
      snapshotTime(snapshotUri);
      const { access } = await (await accounts.lease(snapshotUri, options)).current(options.signal);
      await blobs.send(access, { method: "DELETE", expected: [202, 200, 404], signal: options.signal });
    },
  };
}

function snapshotTime(snapshotUri: string): string {
  const time = URL.canParse(snapshotUri) ? new URL(snapshotUri).searchParams.get("snapshot") : null;
  if (time === null || time === "") throw notASnapshot(snapshotUri);
  return time;
}

function notASnapshot(uri: string): HoldfastError {
  return new HoldfastError({
    code: "stackhub.blob.not-a-snapshot",
    message: `${uri.split("?")[0]!} names no snapshot of a blob`,
    advice: "Report this: the address of a blob snapshot ends in ?snapshot= and its time.",
    details: { object: uri.split("?")[0]! },
  });
}
