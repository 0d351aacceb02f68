import { join } from "node:path";
import { openBlobService } from "../blob/open-blob-service.ts";
import { createVmBodies } from "../bodies/create-vm-bodies.ts";
import { createComputeProvider } from "../compute/compute-provider.ts";
import { openFilePageStore } from "../pages/file-page-store.ts";
import type { PageStore } from "../pages/page-store.ts";
import { createStorageAccounts } from "../providers/storage/storage-accounts.ts";
import type { StampContext, StampPlane, StampParts } from "./start-emulator.ts";
import { systemClock } from "./system-clock.ts";

export type VmKind = "inert" | "auto" | "real";

export interface StandardPlaneOptions {
  /** What stands behind the VMs of each stamp. */
  readonly vms: VmKind | ((stampName: string) => VmKind);
  /** Told of each stamp's volumes, for tests that write to a VM's disk as its guest would. */
  readonly onPages?: (stampName: string, pages: PageStore) => void;
  /** How long each compute operation takes at least, in milliseconds. */
  readonly operationMs?: number;
}

/** Storage, VM bodies and compute of one stamp, each standing on the one before. */
async function openStandardPlane(context: StampContext, options: StandardPlaneOptions): Promise<StampParts> {
  await using stack = new AsyncDisposableStack();
  const { stamp, faults, folder, isEphemeral } = context;
  const { services, core } = stamp;
  const pages = stack.use(await openFilePageStore({ folder: join(folder, "pages"), isDurable: !isEphemeral }));
  options.onPages?.(services.stampName, pages);
  const accounts = createStorageAccounts(services.resources, services.stampName);
  const storage = stack.use(
    await openBlobService({
      folder: join(folder, "blob"),
      isEphemeral,
      pages,
      faults,
      domain: services.domain,
      keysOf: (account) => accounts.find(account)?.keys,
      port: () => services.port,
      now: services.now,
    }),
  );
  const bodies = stack.use(
    await createVmBodies(
      { pageStore: pages, clock: systemClock },
      {
        kind: typeof options.vms === "string" ? options.vms : options.vms(services.stampName),
        folder: join(folder, "bodies"),
        onExit: (vmKey) => void compute.noteGuestOff(vmKey, services),
      },
    ),
  );
  const compute = createComputeProvider(
    { pages, access: storage.access, blobs: storage.blobs, bodies },
    {
      build: core.config.build,
      quotas: core.config.quotas,
      isNodeLost: (node) => faults.list().some(({ fault }) => fault.kind === "lose-node" && fault.node === node),
      stallMs: (diskId) => faults.take("stall-guest-io", diskId)?.stallMs,
      ...(options.operationMs === undefined ? {} : { operationMs: options.operationMs }),
    },
  );
  const owned = stack.move();
  return {
    providers: [compute],
    started: async () => {
      await compute.resumeVms(services);
      faults.onChange(() => void compute.resumeVms(services));
    },
    blobPlane: storage.plane,
    control: async (method, path) => {
      if (method !== "GET" || !path.startsWith("serial/")) return undefined;
      const log = await compute.serialLog(decodeURIComponent(path.slice("serial/".length)), services);
      return log === undefined ? { status: 404, body: { error: "no such VM" } } : { status: 200, body: { log } };
    },
    [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose](),
  };
}

/** The planes of a whole stamp. */
export function standardPlanes(options: StandardPlaneOptions): readonly StampPlane[] {
  return [(context) => openStandardPlane(context, options)];
}
