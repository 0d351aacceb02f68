import { type Clock, HoldfastError, hasErrorCode } from "@holdfast/kernel";
import { createAccessLease } from "../blob/access-lease.ts";
import type { BlobClient } from "../blob/blob-client.ts";
import { createPageSource, type PageSource } from "../blob/page-source.ts";
import { openedLength } from "../blob/opened-length.ts";
import type { ArmClient } from "../arm/arm-client.ts";
import { armKey, parseArmId } from "../arm/arm-id.ts";
import type { OperationOption } from "../arm/long-running.ts";
import { readWire } from "../arm/read-wire.ts";
import { grantAccess, revokeAccess } from "./access.ts";
import { nameTaken, type ResourceCalls } from "../arm/resource-calls.ts";
import { type ManagedSnapshot, readSnapshot } from "./wire-snapshot.ts";

export interface NewSnapshot {
  readonly diskId: string;
  readonly name: string;
  readonly resourceGroup: string;
  readonly isIncremental: boolean;
  readonly tags: Readonly<Record<string, string>>;
}

export interface SnapshotDeps {
  readonly arm: ArmClient;
  readonly resources: ResourceCalls;
  readonly blobs: BlobClient;
  readonly clock: Clock;
  readonly subscriptionId: string;
  readonly location: string;
}

export interface ManagedSnapshots {
  create(wanted: NewSnapshot, options?: OperationOption): Promise<ManagedSnapshot>;
  find(snapshotId: string, options?: { readonly signal?: AbortSignal }): Promise<ManagedSnapshot | null>;
  remove(snapshotId: string, options?: OperationOption): Promise<void>;
  listTagged(tag: string, options?: { readonly signal?: AbortSignal }): Promise<readonly ManagedSnapshot[]>;
  open(snapshotId: string, options?: OperationOption): Promise<PageSource & AsyncDisposable>;
  revoke(resourceId: string, options?: OperationOption): Promise<void>;
}

export function createManagedSnapshots(deps: SnapshotDeps): ManagedSnapshots {
  const { arm, resources } = deps;
  const find: ManagedSnapshots["find"] = async (snapshotId, options) => {
    const body = await resources.find(snapshotId, options);
    return body === null ? null : readWire(snapshotId, () => readSnapshot(body));
  };
  return {
    find,
    create: (wanted, options) => createSnapshot(deps, find, wanted, options ?? {}),
    remove: async (snapshotId, options) => {
      try {
        await resources.remove(snapshotId, options);
      } catch (error) {
        // A snapshot does not say whether access to it is out (no diskState at this version): the refusal does.
        if (!hasErrorCode(error, "stackhub.arm.conflict")) throw error;
        await revokeAccess(deps, snapshotId, options);
        await resources.remove(snapshotId, options);
      }
    },
    listTagged: async (tag, options) => {
      const path = `/subscriptions/${deps.subscriptionId}/providers/Microsoft.Compute/snapshots`;
      const items = await arm.list(path, arm.versionOf("Microsoft.Compute/snapshots"), options);
      return items.map((item) => readWire(path, () => readSnapshot(item))).filter(({ tags }) => tag in tags);
    },
    open: (snapshotId, options) => openSnapshot(deps, snapshotId, options ?? {}),
    revoke: (resourceId, options) => revokeAccess(deps, resourceId, options),
  };
}

async function createSnapshot(
  deps: SnapshotDeps,
  find: ManagedSnapshots["find"],
  wanted: NewSnapshot,
  options: OperationOption,
): Promise<ManagedSnapshot> {
  const id = `/subscriptions/${deps.subscriptionId}/resourceGroups/${wanted.resourceGroup}/providers/Microsoft.Compute/snapshots/${wanted.name}`;
  const signal = options.signal === undefined ? {} : { signal: options.signal };
  const existing = await find(id, signal);
  if (existing !== null) {
    // A PUT over it would be refused or, worse, taken for a change: what an earlier try made is used as it is.
    if (armKey(existing.sourceDiskId) !== armKey(wanted.diskId)) throw nameTaken(id, "another source disk");
    for (const [name, value] of Object.entries(wanted.tags)) {
      if (existing.tags[name] !== value) throw nameTaken(id, `another tag ${name}`);
    }
    return existing;
  }
  await deps.resources.put(
    id,
    {
      location: deps.location,
      sku: { name: "Standard_LRS" },
      tags: wanted.tags,
      properties: {
        // Left out for a full one: builds before the property refuse what they do not know.
        ...(wanted.isIncremental ? { incremental: true } : {}),
        creationData: { createOption: "Copy", sourceResourceId: wanted.diskId },
      },
    },
    options,
  );
  const made = await find(id, signal);
  if (made === null) throw vanished(id);
  return made;
}

function vanished(id: string): HoldfastError {
  return new HoldfastError({
    code: "stackhub.snapshot.vanished",
    message: `${id} is gone right after it was made`,
    advice: "See who else deletes snapshots in this resource group, then capture again.",
    kind: "fault",
    isRetryable: true,
    details: { object: id },
  });
}

async function openSnapshot(
  deps: SnapshotDeps,
  snapshotId: string,
  options: OperationOption,
): Promise<PageSource & AsyncDisposable> {
  parseArmId(snapshotId);
  await using undo = new AsyncDisposableStack();
  const first = await grantAccess(deps, { id: snapshotId, access: "Read" }, options);
  // Ending access runs without the caller's signal: an aborted capture must not leave access behind.
  undo.defer(() => revokeAccess(deps, snapshotId));
  const lease = createAccessLease(
    first,
    async () => {
      await revokeAccess(deps, snapshotId);
      return grantAccess(deps, { id: snapshotId, access: "Read" });
    },
    () => deps.clock.monotonicMs(),
  );
  const contentBytes = await openedLength(deps, lease, options.signal);
  const source = createPageSource(deps, { lease, contentBytes, blobSnapshotTime: null });
  const held = undo.move();
  return Object.assign(source, { [Symbol.asyncDispose]: () => held.disposeAsync() });
}
