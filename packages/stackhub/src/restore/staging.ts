import { type Clock, HoldfastError, invariant } from "@holdfast/kernel";
import { headerText } from "../http/http-message.ts";
import type { SignalOption } from "../arm/arm-client.ts";
import type { OperationOption } from "../arm/long-running.ts";
import { readWire } from "../arm/read-wire.ts";
import { nameTaken, type ResourceCalls } from "../arm/resource-calls.ts";
import type { AccessLease } from "../blob/access-lease.ts";
import type { BlobClient } from "../blob/blob-client.ts";
import type { StorageAccounts } from "../blob/storage-accounts.ts";
import { pageBytes, sendRenewing, writePages } from "../blob/write-pages.ts";

export interface StagingDeps {
  readonly resources: ResourceCalls;
  readonly accounts: StorageAccounts;
  readonly blobs: BlobClient;
  readonly clock: Clock;
  readonly subscriptionId: string;
  readonly location: string;
}

export interface WantedStaging {
  readonly resourceGroup: string;
  readonly accountName: string;
  readonly container: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** A page blob opened for writing. */
export interface PageSink {
  readonly uri: string;
  write(offsetBytes: number, data: Uint8Array, options?: SignalOption): Promise<void>;
}

/** The storage account, container and page blobs that a restore writes. */
export interface Staging {
  ensure(
    wanted: WantedStaging,
    options?: OperationOption,
  ): Promise<{ readonly accountId: string; readonly containerUri: string }>;
  createPageBlob(
    containerUri: string,
    blobName: string,
    contentBytes: number,
    options?: SignalOption,
  ): Promise<PageSink>;
  deleteBlob(blobUri: string, options?: SignalOption): Promise<void>;
}

export function createStaging(deps: StagingDeps): Staging {
  return {
    ensure: (wanted, options = {}) => ensureStaging(deps, wanted, options),
    createPageBlob: async (containerUri, blobName, contentBytes, options = {}) => {
      invariant(
        contentBytes > 0 && contentBytes % pageBytes === 0,
        `a page blob of ${contentBytes} bytes is not a multiple of ${pageBytes}`,
      );
      const uri = `${containerUri.replace(/\/+$/, "")}/${blobName.split("/").map(encodeURIComponent).join("/")}`;
      const lease = await deps.accounts.lease(uri, options);
      await createOrFind(deps, lease, { uri, contentBytes, signal: options.signal });
      return {
        uri,
        write: (offsetBytes, data, writeOptions = {}) =>
          writePages(deps, lease, { offsetBytes, data, contentBytes, signal: writeOptions.signal }),
      };
    },
    deleteBlob: async (blobUri, options = {}) => {
      const lease = await deps.accounts.lease(blobUri, options);
      await sendRenewing(deps, lease, {
        method: "DELETE",
        headers: { "x-ms-delete-snapshots": "include" },
        expected: [202, 200, 404],
        signal: options.signal,
      });
    },
  };
}

async function ensureStaging(
  deps: StagingDeps,
  wanted: WantedStaging,
  options: OperationOption,
): Promise<{ readonly accountId: string; readonly containerUri: string }> {
  checkNames(wanted);
  const id = `/subscriptions/${deps.subscriptionId}/resourceGroups/${wanted.resourceGroup}/providers/Microsoft.Storage/storageAccounts/${wanted.accountName}`;
  if ((await deps.resources.find(id, options)) === null) {
    // GPv1 and LRS are all that the platform has.
    const body = {
      location: deps.location,
      kind: "Storage",
      sku: { name: "Standard_LRS" },
      tags: wanted.tags,
      properties: {},
    };
    await deps.resources.put(id, body, options);
  }
  const made = await deps.resources.get(id, options);
  const account = readWire(id, () => deps.accounts.read(made));
  const containerUri = `${account.blobEndpoint}${wanted.container}`;
  const lease = await deps.accounts.lease(containerUri, options);
  const answer = await sendRenewing(deps, lease, {
    method: "PUT",
    query: { restype: "container" },
    expected: [201, 409],
    signal: options.signal,
  });
  const isThere = answer.status === 201 || headerText(answer, "x-ms-error-code") === "ContainerAlreadyExists";
  if (!isThere) throw nameTaken(containerUri, headerText(answer, "x-ms-error-code") ?? "conflict");
  return { accountId: account.id, containerUri };
}

function checkNames({ accountName, container }: WantedStaging): void {
  const isValid = /^[a-z0-9]{3,24}$/.test(accountName) && /^(?!.*--)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/.test(container);
  if (isValid) return;
  throw new HoldfastError({
    code: "stackhub.staging.bad-name",
    message: `the staging account ${accountName} or its container ${container} has a name that the platform refuses`,
    advice: "Use 3 to 24 lower-case letters and digits for the account, 3 to 63 with single hyphens for the container.",
    details: { accountName, container },
  });
}

/**
 * Makes the blob, or takes the one that an earlier try of the same restore made: it has the same length then, and what
 * was written stays. Blob names must therefore be unique to a restore.
 */
async function createOrFind(
  deps: StagingDeps,
  lease: AccessLease,
  wanted: { readonly uri: string; readonly contentBytes: number; readonly signal: AbortSignal | undefined },
): Promise<void> {
  const answer = await sendRenewing(deps, lease, {
    method: "PUT",
    headers: {
      "x-ms-blob-type": "PageBlob",
      "x-ms-blob-content-length": String(wanted.contentBytes),
      "If-None-Match": "*",
    },
    expected: [201, 409, 412],
    signal: wanted.signal,
  });
  if (answer.status === 201) return;
  const existing = await sendRenewing(deps, lease, { method: "HEAD", expected: [200], signal: wanted.signal });
  const isSame =
    Number(headerText(existing, "content-length")) === wanted.contentBytes &&
    headerText(existing, "x-ms-blob-type") === "PageBlob";
  if (!isSame) throw nameTaken(wanted.uri, "another length or type of blob");
}
