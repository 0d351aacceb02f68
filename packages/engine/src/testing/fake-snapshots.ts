import { armId } from "@holdfast/domain";
import type { Stamp } from "../ports/stamp.ts";
import { openFakeSource } from "./fake-page-source.ts";
import type { FakeStampObjects } from "./fake-stamp-objects.ts";

type Snapshots = Pick<
  Stamp,
  | "createSnapshot"
  | "findSnapshot"
  | "deleteSnapshot"
  | "listSnapshotsTagged"
  | "openSnapshot"
  | "revokeAccess"
  | "createBlobSnapshot"
  | "openBlobSnapshot"
  | "deleteBlobSnapshot"
>;

/** Snapshots of managed disks and of page blobs, with correct changed ranges, and the access to them. */
export function fakeSnapshots(objects: FakeStampObjects): Snapshots {
  const { abilities, access, blobs, blobSnapshots, clock, snapshots } = objects;
  return {
    async createSnapshot(wanted, options = {}) {
      options.signal?.throwIfAborted();
      const place = { subscriptionId: objects.subscriptionId, resourceGroup: wanted.resourceGroup };
      const id = armId(place, "Microsoft.Compute/snapshots", wanted.name);
      const there = snapshots.get(id.toLowerCase());
      if (there !== undefined) return there;
      const disk = objects.have(objects.disks.get(wanted.diskId.toLowerCase()), wanted.diskId);
      const snapshot = {
        id,
        name: wanted.name,
        timeCreatedMs: clock.now() + objects.nextSerial(),
        isIncremental: wanted.isIncremental && abilities.incrementalSnapshots,
        sourceDiskId: disk.id,
        sourceUniqueId: disk.uniqueId,
        sizeBytes: disk.sizeBytes,
        tags: wanted.tags,
        image: disk.image.copy(),
      };
      snapshots.set(id.toLowerCase(), snapshot);
      return snapshot;
    },
    findSnapshot: async (snapshotId) => snapshots.get(snapshotId.toLowerCase()) ?? null,
    async deleteSnapshot(snapshotId) {
      access.delete(snapshotId.toLowerCase());
      snapshots.delete(snapshotId.toLowerCase());
    },
    listSnapshotsTagged: async (tag) => [...snapshots.values()].filter((snapshot) => Object.hasOwn(snapshot.tags, tag)),
    async openSnapshot(snapshotId, options = {}) {
      options.signal?.throwIfAborted();
      const key = snapshotId.toLowerCase();
      const { image } = objects.have(snapshots.get(key), snapshotId);
      access.add(key);
      return openFakeSource(image, abilities, () => access.delete(key));
    },
    async revokeAccess(resourceId) {
      if (!resourceId.startsWith("/subscriptions/")) throw new Error(`${resourceId} is no ARM id`);
      access.delete(resourceId.toLowerCase());
    },

    async createBlobSnapshot(vhdUri) {
      const image = objects.have(blobs.get(vhdUri), vhdUri);
      const timeCreatedMs = clock.now() + objects.nextSerial();
      const uri = `${vhdUri}?snapshot=${new Date(timeCreatedMs).toISOString()}`;
      blobSnapshots.set(uri, image.copy());
      return { uri, timeCreatedMs };
    },
    async openBlobSnapshot(snapshotUri) {
      const image = blobSnapshots.get(snapshotUri);
      return image === undefined ? null : openFakeSource(image, abilities, () => undefined);
    },
    async deleteBlobSnapshot(snapshotUri) {
      blobSnapshots.delete(snapshotUri);
    },
  };
}
