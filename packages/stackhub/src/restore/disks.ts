import type { DiskSku } from "@holdfast/domain";
import { HoldfastError } from "@holdfast/kernel";
import type { OperationOption } from "../arm/long-running.ts";
import type { SignalOption } from "../arm/arm-client.ts";
import { readWire } from "../arm/read-wire.ts";
import { nameTaken, type ResourceCalls } from "../arm/resource-calls.ts";
import { type ManagedDisk, readDisk, wireDisk } from "../inventory/wire-compute.ts";

export interface DiskDeps {
  readonly resources: ResourceCalls;
  readonly subscriptionId: string;
  readonly location: string;
}

interface WantedDisk {
  readonly name: string;
  readonly resourceGroup: string;
  readonly sku: DiskSku;
  readonly tags: Readonly<Record<string, string>>;
}

export interface WantedImport extends WantedDisk {
  readonly osType: "Linux" | "Windows" | null;
  readonly sourceUri: string;
  readonly storageAccountId: string;
}

export interface WantedUpload extends WantedDisk {
  readonly contentBytes: number;
}

export interface WantedEmptyDisk extends WantedDisk {
  readonly sizeGiB: number;
}

/** Managed disks made for a restore. */
export interface Disks {
  importDisk(wanted: WantedImport, options?: OperationOption): Promise<ManagedDisk>;
  createEmpty(wanted: WantedEmptyDisk, options?: OperationOption): Promise<ManagedDisk>;
  createUpload(wanted: WantedUpload, options?: OperationOption): Promise<ManagedDisk>;
  find(diskId: string, options?: SignalOption): Promise<ManagedDisk | null>;
}

export function createDisks(deps: DiskDeps): Disks {
  const { resources } = deps;
  const make = async (
    wanted: WantedDisk,
    properties: Readonly<Record<string, unknown>> & {
      readonly creationData: Readonly<Record<string, string | number>>;
    },
    options: OperationOption,
  ): Promise<ManagedDisk> => {
    const id = `/subscriptions/${deps.subscriptionId}/resourceGroups/${wanted.resourceGroup}/providers/Microsoft.Compute/disks/${wanted.name}`;
    const existing = await resources.find(id, options);
    if (existing !== null) checkSame(id, existing, properties, wanted);
    // A PUT of the same content over a disk that is there is a change of nothing, and waits for one still in the making.
    await resources.put(
      id,
      { location: deps.location, sku: { name: wanted.sku }, tags: wanted.tags, properties },
      options,
    );
    const made = await resources.find(id, options);
    if (made === null) throw vanished(id);
    return readWire(id, () => readDisk(made));
  };
  return {
    importDisk: (wanted, options = {}) =>
      make(
        wanted,
        {
          ...(wanted.osType === null ? {} : { osType: wanted.osType }),
          creationData: {
            createOption: "Import",
            sourceUri: wanted.sourceUri,
            storageAccountId: wanted.storageAccountId,
          },
        },
        options,
      ),
    createEmpty: (wanted, options = {}) =>
      make(wanted, { diskSizeGB: wanted.sizeGiB, creationData: { createOption: "Empty" } }, options),
    createUpload: (wanted, options = {}) =>
      make(wanted, { creationData: { createOption: "Upload", uploadSizeBytes: wanted.contentBytes } }, options),
    find: async (diskId, options) => {
      const body = await resources.find(diskId, options);
      return body === null ? null : readWire(diskId, () => readDisk(body));
    },
  };
}

function checkSame(
  id: string,
  existing: unknown,
  wanted: { readonly diskSizeGB?: unknown; readonly creationData: Readonly<Record<string, string | number>> },
  { tags }: WantedDisk,
): void {
  const { properties, tags: found } = readWire(id, () => wireDisk.parse(existing));
  const { createOption, sourceUri } = properties.creationData ?? {};
  if (createOption !== wanted.creationData["createOption"]) throw nameTaken(id, "made in another way");
  const wantedUri = wanted.creationData["sourceUri"];
  if (wantedUri !== undefined && sourceUri !== wantedUri) throw nameTaken(id, "made from another blob");
  if (wanted.diskSizeGB !== undefined && properties.diskSizeGB !== wanted.diskSizeGB)
    throw nameTaken(id, "another size");
  for (const [name, value] of Object.entries(tags)) {
    if (found?.[name] !== value) throw nameTaken(id, `another tag ${name}`);
  }
}

function vanished(id: string): HoldfastError {
  return new HoldfastError({
    code: "stackhub.disk.vanished",
    message: `${id} is gone right after it was made`,
    advice: "See who else deletes disks in this resource group, then restore again.",
    kind: "fault",
    isRetryable: true,
    details: { object: id },
  });
}
