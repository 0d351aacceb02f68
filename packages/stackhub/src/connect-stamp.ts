import type { Clock } from "@holdfast/kernel";
import { type ArmClient, createArmClient } from "./arm/arm-client.ts";
import { createResourceCalls } from "./arm/resource-calls.ts";
import { createBlobClient } from "./blob/blob-client.ts";
import { createBlobSnapshots } from "./blob/blob-snapshots.ts";
import { createStorageAccounts } from "./blob/storage-accounts.ts";
import type { StampConfig, StampDeps } from "./config.ts";
import { discoverEndpoints } from "./discovery/discover-endpoints.ts";
import { parseArmEndpoint } from "./discovery/endpoints.ts";
import { chooseSubscription, readApiVersions, readLocation } from "./discovery/subscription.ts";
import { createHttpCaller, type HttpCaller } from "./http/http-caller.ts";
import { createThreadedTransport } from "./http/threaded-transport.ts";
import { createStampTime } from "./http/stamp-time.ts";
import { createTokenSource } from "./identity/token-source.ts";
import { listUsages, listVmSizes, readVm, takeInventory } from "./inventory/take-inventory.ts";
import { createDisks } from "./restore/disks.ts";
import { deleteResourceGroup, ensureResourceGroup } from "./restore/resource-groups.ts";
import { createStaging } from "./restore/staging.ts";
import { createUploads } from "./restore/uploads.ts";
import { createVms } from "./restore/vms.ts";
import { createManagedSnapshots } from "./snapshots/managed-snapshots.ts";
import type { StampAdapter, StampFacts } from "./stamp-adapter.ts";

/**
 * Connects to a stamp: finds where to sign in, signs in, finds the subscription, its location and the versions that
 * the stamp offers. Everything that is wrong with address, trust, clock, identity or rights shows here, by its code.
 */
export async function connectStamp(
  config: StampConfig,
  deps: StampDeps,
  options: { readonly signal?: AbortSignal } = {},
): Promise<StampAdapter & AsyncDisposable> {
  const endpoint = parseArmEndpoint(config.armEndpoint);
  await using opened = new AsyncDisposableStack();
  const transport = opened.use(
    createThreadedTransport({
      ...(config.caPem === undefined ? {} : { caPem: config.caPem }),
      ...(config.resolve === undefined ? {} : { resolve: config.resolve }),
    }),
  );
  const { clock, random } = deps;
  const time = createStampTime(clock);
  const caller = createHttpCaller({ transport, clock, random, time, onCall: deps.onCall });
  const endpoints = await discoverEndpoints(caller, endpoint, options);
  const tokens = createTokenSource(config, endpoints, { caller, clock, random, time });
  let offered: Readonly<Record<string, readonly string[]>> = {};
  const arm = createArmClient({ stampName: config.name, endpoint, caller, tokens, offeredVersions: () => offered });
  const subscriptionId = await chooseSubscription(arm, config.subscriptionId, options);
  const location = await readLocation(arm, subscriptionId, options);
  offered = await readApiVersions(arm, subscriptionId, options);
  const { identityProvider, storageSuffix } = endpoints;
  const adapter = makeAdapter(
    { arm, caller, clock, subscriptionId, location, storageSuffix, stampName: config.name },
    () => ({
      armEndpoint: endpoint.origin,
      location,
      subscriptionId,
      identityProvider,
      clockSkewMs: time.skewMs(),
      storageSuffix,
      apiVersions: offered,
    }),
  );
  const held = opened.move();
  return Object.assign(adapter, { [Symbol.asyncDispose]: () => held.disposeAsync() });
}

interface Session {
  readonly arm: ArmClient;
  readonly caller: HttpCaller;
  readonly clock: Clock;
  readonly stampName: string;
  readonly subscriptionId: string;
  readonly location: string;
  readonly storageSuffix: string;
}

function makeAdapter(session: Session, describe: () => StampFacts): StampAdapter {
  const { arm, caller, clock, stampName } = session;
  const resources = createResourceCalls(arm, clock);
  const blobs = createBlobClient({ caller, clock });
  const accounts = createStorageAccounts({ ...session, blobs });
  const context = { ...session, resources, blobs, accounts };
  const snapshots = createManagedSnapshots(context);
  const blobSnapshots = createBlobSnapshots(context);
  const staging = createStaging(context);
  const disks = createDisks(context);
  const uploads = createUploads(context);
  const vms = createVms({ ...context, readVm: (vmId, call) => readVm(context, vmId, call) });
  return {
    name: stampName,
    describe: (call = {}) => {
      call.signal?.throwIfAborted();
      return Promise.resolve(describe());
    },
    takeInventory: (call) => takeInventory(context, call),
    readVm: (vmId, call) => readVm(context, vmId, call),
    listUsages: (call) => listUsages(context, call),
    listVmSizes: (call) => listVmSizes(context, call),
    createSnapshot: snapshots.create,
    findSnapshot: snapshots.find,
    deleteSnapshot: snapshots.remove,
    listSnapshotsTagged: snapshots.listTagged,
    openSnapshot: snapshots.open,
    revokeAccess: snapshots.revoke,
    createBlobSnapshot: blobSnapshots.create,
    openBlobSnapshot: blobSnapshots.open,
    deleteBlobSnapshot: blobSnapshots.remove,
    ensureStaging: staging.ensure,
    deleteStagingAccount: resources.remove,
    createPageBlob: staging.createPageBlob,
    deleteBlob: staging.deleteBlob,
    ensureResourceGroup: (name, tags, call) => ensureResourceGroup(context, { name, tags }, call),
    deleteResourceGroup: (groupId, tag, call) => deleteResourceGroup(context, { groupId, tag }, call),
    exists: async (resourceId, call) => (await resources.find(resourceId, call)) !== null,
    importDisk: disks.importDisk,
    createEmptyDisk: disks.createEmpty,
    createUploadDisk: disks.createUpload,
    openUpload: uploads.open,
    findDisk: disks.find,
    deleteDisk: resources.remove,
    createNic: vms.createNic,
    deleteNic: resources.remove,
    createVm: vms.createVm,
    deleteVm: resources.remove,
    startVm: vms.start,
    deallocateVm: vms.deallocate,
    readPowerState: vms.powerState,
  };
}
