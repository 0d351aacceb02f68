import { armId } from "@holdfast/domain";
import { GiB, HoldfastError } from "@holdfast/kernel";
import type { Stamp } from "../ports/stamp.ts";
import { openFakeSink } from "./fake-page-source.ts";
import { conflict } from "./fake-stamp-objects.ts";
import type { FakeStampObjects } from "./fake-stamp-objects.ts";
import { PageImage } from "./page-image.ts";

type Disks = Pick<
  Stamp,
  | "ensureStaging"
  | "deleteStagingAccount"
  | "createPageBlob"
  | "deleteBlob"
  | "importDisk"
  | "createEmptyDisk"
  | "createUploadDisk"
  | "openUpload"
  | "findDisk"
  | "deleteDisk"
>;

/** Managed disks, and the staging blobs that they are imported from. */
export function fakeDisks(objects: FakeStampObjects): Disks {
  const { accounts, blobs, blobSnapshots, disks } = objects;
  const idOf = (
    type: `${string}/${string}`,
    wanted: { readonly resourceGroup: string; readonly name: string },
  ): string =>
    armId({ subscriptionId: objects.subscriptionId, resourceGroup: wanted.resourceGroup }, type, wanted.name);
  return {
    async ensureStaging({ resourceGroup, accountName, container }) {
      const accountId = idOf("Microsoft.Storage/storageAccounts", { resourceGroup, name: accountName });
      accounts.add(accountId.toLowerCase());
      return { accountId, containerUri: `https://${accountName}.blob.${objects.name}.example/${container}` };
    },
    async deleteStagingAccount(accountId) {
      accounts.delete(accountId.toLowerCase());
    },
    async createPageBlob(containerUri, blobName, contentBytes) {
      const uri = `${containerUri}/${blobName}`;
      const image = blobs.get(uri) ?? new PageImage(contentBytes);
      blobs.set(uri, image);
      return openFakeSink(uri, image);
    },
    async deleteBlob(blobUri) {
      blobs.delete(blobUri);
      for (const uri of blobSnapshots.keys()) {
        if (uri.startsWith(`${blobUri}?`)) blobSnapshots.delete(uri);
      }
    },

    async importDisk(wanted) {
      const blob = objects.have(blobs.get(wanted.sourceUri), wanted.sourceUri);
      return objects.addDisk(wanted, blob.contentBytes - 512, blob.copy());
    },
    createEmptyDisk: async (wanted) => objects.addDisk(wanted, wanted.sizeGiB * GiB),
    async createUploadDisk(wanted) {
      if (objects.abilities.directUpload) return objects.addDisk(wanted, wanted.contentBytes - 512);
      throw new HoldfastError({ code: "stackhub.arm.refused", message: "no uploads", advice: "Import a blob." });
    },
    async openUpload(diskId, contentBytes) {
      const key = diskId.toLowerCase();
      const { image } = objects.have(disks.get(key), diskId);
      if (image.contentBytes !== contentBytes) throw conflict(`disk ${diskId} has another size`);
      objects.access.add(key);
      const disposal = { [Symbol.asyncDispose]: async () => void objects.access.delete(key) };
      return Object.assign(openFakeSink(`https://upload.example/${key}`, image), disposal);
    },
    findDisk: async (diskId) => disks.get(diskId.toLowerCase()) ?? null,
    async deleteDisk(diskId) {
      const key = diskId.toLowerCase();
      const inUse = [...objects.vms.values()].some((vm) =>
        vm.disks.some(({ backing }) => backing.kind === "managed" && backing.diskId.toLowerCase() === key),
      );
      if (inUse) throw conflict(`disk ${diskId} is attached`);
      if (objects.access.has(key)) throw conflict(`disk ${diskId} has access out`);
      disks.delete(key);
    },
  };
}
