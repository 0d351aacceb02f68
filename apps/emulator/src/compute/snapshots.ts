import {
  type ArmCall,
  ArmError,
  type ArmReply,
  presentResource,
  type ResourceType,
  type StampServices,
} from "../arm/provider.ts";
import type { ArmResource } from "../arm/resource.ts";
import { diskVersions } from "./api-versions.ts";
import { beginDiskOperation } from "./begin-operation.ts";
import { badParameter, notAllowed, notFound } from "./compute-errors.ts";
import type { ComputeDeps } from "./compute-deps.ts";
import { diskQuota } from "./compute-usage.ts";
import { accessActions, familyOf } from "./disk-grants.ts";
import { type DiskRequest, gigabytes, readDiskRequest } from "./disk-request.ts";
import { type DiskSource, importSource, resourceSource, shownCreation } from "./disk-source.ts";
import { hasActiveSas, presentForVersion } from "./disk-state.ts";
import { isUnready } from "./disks.ts";
import { type Fields, requireLocation, requireName, sameId } from "./request-fields.ts";

export const snapshotType = "Microsoft.Compute/snapshots";

const maxOfDisk = 500;
const maxInWindow = 7;
const windowMs = 5 * 60_000;

export function presentSnapshot(snapshot: ArmResource, apiVersion: string): Record<string, unknown> {
  const name = snapshot.sku?.["name"];
  return presentForVersion(
    {
      ...presentResource(snapshot),
      sku: { name, tier: name === "Premium_LRS" ? "Premium" : "Standard" },
    },
    apiVersion,
  );
}

function requireSnapshot(call: ArmCall, stamp: StampServices): ArmResource {
  const snapshot = stamp.resources.get(call.id);
  if (snapshot === undefined) throw notFound(snapshotType, call.name ?? "", call.resourceGroup);
  return snapshot;
}

/** Whether the platform makes an incremental snapshot of what was asked, by build. */
function isIncremental(request: DiskRequest, source: DiskSource, deps: ComputeDeps): boolean {
  if (!request.incremental || deps.incremental === "ignored") return false;
  if (deps.incremental === "refused") {
    throw badParameter("The property 'incremental' is not supported in this region.");
  }
  if (source.resource?.type.toLowerCase() !== "microsoft.compute/disks") {
    throw badParameter("An incremental snapshot can only be made of a managed disk.");
  }
  return true;
}

function requireRoomInFamily(family: string, stamp: StampServices): void {
  const siblings = stamp.resources.list(snapshotType, "").filter((one) => familyOf(one) === family);
  if (siblings.length >= maxOfDisk) {
    throw notAllowed(`The disk has ${maxOfDisk} incremental snapshots already: delete some first.`);
  }
  const recent = siblings.filter((one) => {
    return Date.parse(one.properties["timeCreated"] as string) > stamp.now() - windowMs;
  });
  if (recent.length >= maxInWindow) {
    throw new ArmError(
      409,
      "OperationNotAllowed",
      `No more than ${maxInWindow} incremental snapshots of a disk can be made within 5 minutes.`,
      { "retry-after": "300" },
    );
  }
}

async function findSource(
  call: ArmCall,
  request: DiskRequest,
  deps: ComputeDeps,
  stamp: StampServices,
): Promise<DiskSource> {
  const { creation } = request;
  if (creation?.createOption === "Import") return importSource(creation, call.id, deps, stamp);
  if (creation?.createOption !== "Copy") {
    throw badParameter("The value of parameter 'snapshot.creationData.createOption' must be Copy or Import.");
  }
  if (creation.sourceResourceId === undefined) {
    throw badParameter("Required parameter 'snapshot.creationData.sourceResourceId' is missing (null).");
  }
  return resourceSource(creation.sourceResourceId, call.id, deps, stamp);
}

async function createSnapshot(call: ArmCall, deps: ComputeDeps, stamp: StampServices): Promise<ArmReply> {
  const request = readDiskRequest(call, "snapshots");
  const name = requireName(call.name, "snapshot");
  const location = requireLocation(request.body, stamp);
  const source = await findSource(call, request, deps, stamp);
  const incremental = isIncremental(request, source, deps);
  if (incremental) requireRoomInFamily(source.resource?.properties["uniqueId"] as string, stamp);
  if (request.diskSizeGB !== undefined && request.diskSizeGB < gigabytes(source.guestBytes)) {
    throw badParameter("The size of a snapshot cannot be less than that of its source.");
  }
  const sku = request.sku ?? "Standard_LRS";
  // What the snapshot will use is not known before it is made: at least the limit must not be passed already.
  stamp.requireQuota(call.subscriptionId, diskQuota(sku, 0));
  const osType = request.osType ?? source.osType;
  const snapshot: ArmResource = {
    id: call.id,
    name,
    type: snapshotType,
    location,
    tags: request.tags ?? {},
    sku: { name: sku },
    properties: {
      ...(osType === undefined ? {} : { osType, hyperVGeneration: "V1" }),
      creationData: request.creation === undefined ? {} : shownCreation(request.creation, source),
      diskSizeGB: gigabytes(source.guestBytes),
      diskSizeBytes: source.guestBytes,
      uniqueId: stamp.uuid(),
      incremental,
      encryption: { type: "EncryptionAtRestWithPlatformKey" },
      timeCreated: new Date(stamp.now()).toISOString(),
      provisioningState: "Creating",
    },
    hidden: { source: { volumeId: source.volumeId, snapshotId: source.snapshotId }, ownId: `snapshot-${stamp.uuid()}` },
  };
  await stamp.resources.put(snapshot);
  return begin(call, stamp, { snapshot, kind: "compute.snapshot.create", deps });
}

async function begin(
  call: ArmCall,
  stamp: StampServices,
  what: { readonly snapshot: ArmResource; readonly kind: string; readonly deps: ComputeDeps },
): Promise<ArmReply> {
  const { snapshot: resource, kind, deps } = what;
  const args = { apiVersion: call.apiVersion };
  const headers = await beginDiskOperation(call, { resource, kind, args }, { deps, stamp });
  const isDelete = what.kind === "compute.snapshot.delete";
  return { status: 202, headers, ...(isDelete ? {} : { body: presentSnapshot(what.snapshot, call.apiVersion) }) };
}

/** A snapshot's content never changes; its tags and SKU may. */
async function updateSnapshot(
  call: ArmCall,
  snapshot: ArmResource,
  deps: ComputeDeps,
  stamp: StampServices,
): Promise<ArmReply> {
  const request = readDiskRequest(call, "snapshots");
  const made = snapshot.properties["creationData"] as Fields;
  const asked = request.creation;
  const isOther =
    asked !== undefined &&
    (asked.createOption !== made["createOption"] ||
      (asked.sourceResourceId !== undefined && !sameId(asked.sourceResourceId, made["sourceResourceId"])));
  if (isOther) {
    throw new ArmError(
      409,
      "PropertyChangeNotAllowed",
      "Changing property 'creationData' of a snapshot is not allowed.",
    );
  }
  if ((request.diskSizeGB ?? snapshot.properties["diskSizeGB"]) !== snapshot.properties["diskSizeGB"]) {
    throw badParameter("A snapshot cannot be resized.");
  }
  const changed: ArmResource = {
    ...snapshot,
    ...(request.tags === undefined ? {} : { tags: request.tags }),
    ...(request.sku === undefined ? {} : { sku: { name: request.sku } }),
    properties: {
      ...snapshot.properties,
      ...(request.osType === undefined ? {} : { osType: request.osType }),
    },
  };
  await stamp.resources.put(changed);
  return begin(call, stamp, { snapshot: changed, kind: "compute.snapshot.update", deps });
}

/** Refuses to delete a snapshot that somebody reads. */
export function requireSnapshotDeletable(snapshot: ArmResource, deps: ComputeDeps, stamp: StampServices): void {
  if (!hasActiveSas(snapshot.id, deps, stamp)) return;
  throw notAllowed(
    `Cannot delete snapshot ${snapshot.name} because it has an active shared access signature. Call EndGetAccess first.`,
  );
}

export function snapshotsType(deps: ComputeDeps): ResourceType {
  return {
    type: snapshotType,
    apiVersions: diskVersions(deps.build),
    get: async (call, stamp) => ({
      status: 200,
      body: presentSnapshot(requireSnapshot(call, stamp), call.apiVersion),
    }),
    list: async (call, stamp) =>
      stamp.resources.list(snapshotType, call.id).map((snapshot) => presentSnapshot(snapshot, call.apiVersion)),
    put: async (call, stamp) => {
      const snapshot = stamp.resources.get(call.id);
      const isUnmade = snapshot === undefined || isUnready(snapshot);
      return isUnmade ? createSnapshot(call, deps, stamp) : updateSnapshot(call, snapshot, deps, stamp);
    },
    patch: async (call, stamp) => updateSnapshot(call, requireSnapshot(call, stamp), deps, stamp),
    delete: async (call, stamp) => {
      const snapshot = stamp.resources.get(call.id);
      if (snapshot === undefined) return { status: 204 };
      requireSnapshotDeletable(snapshot, deps, stamp);
      return begin(call, stamp, { snapshot, kind: "compute.snapshot.delete", deps });
    },
    actions: accessActions(deps, requireSnapshot),
  };
}
