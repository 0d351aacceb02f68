import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { catalogFolder, createSystemHost, openCatalog } from "@holdfast/catalog";
import type { VmConfiguration, VmDisk } from "@holdfast/domain";
import type { CallOptions, PointStore, Stamp } from "@holdfast/engine";
import { HoldfastError, Secret } from "@holdfast/kernel";
import { InMemoryBlobStore, createFileBlobStore } from "@holdfast/repository";
import type { Services } from "../composition/services.ts";
import { createSystemClock } from "../system-clock.ts";
import { createSystemRandom } from "../system-random.ts";

const subscription = "/subscriptions/8b4b0000-0000-4000-8000-000000000001";

function makeDisk(name: string, lun: number | null): VmDisk {
  const diskId = `${subscription}/resourceGroups/app/providers/Microsoft.Compute/disks/${name}`;
  return {
    name,
    role: lun === null ? "os" : "data",
    lun,
    caching: "ReadWrite",
    sizeBytes: 8 * 1024 ** 3,
    backing: { kind: "managed", diskId, uniqueId: `unique-${name}`, sku: "Standard_LRS" },
  };
}

export function makeVm(
  resourceGroup: string,
  name: string,
  powerState: VmConfiguration["powerState"],
): VmConfiguration {
  return {
    id: `${subscription}/resourceGroups/${resourceGroup}/providers/Microsoft.Compute/virtualMachines/${name}`,
    vmId: `vm-${name}`,
    name,
    subscriptionId: subscription.slice("/subscriptions/".length),
    resourceGroup,
    location: "east",
    sizeName: "Standard_DS2_v2",
    osType: "Linux",
    powerState,
    disks: [makeDisk(`${name}-os`, null), makeDisk(`${name}-data`, 0)],
    nics: [],
    availabilitySetId: null,
    scaleSetId: null,
    tags: { owner: "payroll" },
    licenseType: null,
    plan: null,
    bootDiagnosticsUri: null,
    extensions: [],
  };
}

/** Waits until told to stop, and keeps the process alive meanwhile. */
function hang(options: CallOptions | undefined): Promise<never> {
  return new Promise((_resolve, reject) => {
    const { signal } = options ?? {};
    if (signal?.aborted === true) return reject(signal.reason);
    const alive = setInterval(() => undefined, 1000);
    signal?.addEventListener("abort", () => {
      clearInterval(alive);
      reject(signal.reason);
    });
  });
}

/** A stamp with three VMs, two of one name. It refuses the secret `wrong`; its snapshots never
 * end, and its inventory does not either where it is called `slow`. */
function makeStamp(name: string): Stamp & AsyncDisposable {
  const vms = [makeVm("app", "web1", "running"), makeVm("lab", "web1", "stopped"), makeVm("app", "db1", "deallocated")];
  const methods: Partial<Stamp> = {
    name,
    describe: async () => ({
      armEndpoint: `https://management.${name}.ash.example`,
      location: name,
      subscriptionId: subscription.slice("/subscriptions/".length),
      identityProvider: "AD FS",
      clockSkewMs: 1200,
      storageSuffix: `${name}.ash.example`,
      apiVersions: {},
    }),
    takeInventory: async (options) => {
      if (name === "slow") await hang(options);
      const parts = { availabilitySets: [], scaleSets: [], loadBalancers: [] };
      const subscriptionId = subscription.slice("/subscriptions/".length);
      return { stampName: name, subscriptionId, location: name, takenAtMs: Date.UTC(2026, 0, 1), vms, ...parts };
    },
    listSnapshotsTagged: async () => [],
    readVm: async (vmId) => {
      const vm = vms.find((known) => known.id.toLowerCase() === vmId.toLowerCase());
      if (vm !== undefined) return vm;
      throw new Error(`the fake has no VM ${vmId}`);
    },
    createSnapshot: (_wanted, options) => {
      // Tests wait for this: from here on the ledger knows the snapshot.
      process.stderr.write("fake stamp: making a snapshot\n");
      return hang(options);
    },
    deleteSnapshot: async () => undefined,
  };
  return { ...(methods as Stamp), [Symbol.asyncDispose]: async () => undefined };
}

function makeStore(id: string): PointStore {
  const methods: Partial<PointStore> = {
    id,
    listPoints: async () => [],
    check: async () => ({
      pointCount: 1,
      chunkCount: 2,
      readBytes: 2 * 1024 * 1024,
      findings: [
        {
          code: "repository.chunk.damaged",
          object: "pack 7f",
          message: "chunk 3 does not open",
          pointIds: ["point-1"],
        },
      ],
    }),
    [Symbol.asyncDispose]: async () => undefined,
  };
  return methods as PointStore;
}

/** What a bucket with a lock tells of itself. */
async function lockedTraits() {
  const wanted = { mode: "compliance", days: 30 } as const;
  const example = { object: "points/p1", mode: "compliance", untilMs: Date.UTC(2026, 0, 31) } as const;
  return { hasExclusiveCreate: false, objectLock: { isEnabled: true, wanted, byBucket: null, example }, medium: null };
}

/** Services whose stamp and repository answer from memory; used by tests of the command itself. */
export function createFakeServices(environment: Readonly<Record<string, string | undefined>>): Services {
  const clock = createSystemClock();
  return {
    clock,
    random: createSystemRandom(),
    environment,
    openCatalog: () =>
      openCatalog({ file: join(catalogFolder(environment), "catalog.db"), clock, host: createSystemHost() }),
    async connectStamp(record) {
      const secret = new Secret((await readFile(record.credential.path, "utf8")).trim());
      if (secret.reveal() !== "wrong") return makeStamp(record.name);
      throw new HoldfastError({
        code: "stackhub.identity.secret-refused",
        message: `the identity provider of ${record.name} refused the client secret`,
        advice: "Check the secret and its end date.",
        cause: new Error(`POST https://adfs.ash.example/token?sig=${secret.reveal()}&x=1 answered 401`),
      });
    },
    async createRepository({ keepKit }) {
      const recoveryKit = new Secret("HOLDFAST RECOVERY KIT\nabcd-efgh-kit9\n");
      await keepKit({ id: "repository-1", recoveryKit, lastGroup: new Secret("kit9") });
      return { id: "repository-1" };
    },
    openStore: async (location) => {
      const random = createSystemRandom();
      if (!location.startsWith("s3:")) return createFileBlobStore(location, random);
      return Object.assign(new InMemoryBlobStore(), { readTraits: lockedTraits });
    },
    openKeyring: async () => {
      throw new Error("the fake repository has no key slots");
    },
    openCopyable: async () => {
      throw new Error("the fake repository cannot be copied");
    },
    async openRepository(_location, key) {
      const isRight =
        ("passphrase" in key && key.passphrase.reveal() === "correct horse") ||
        ("recoveryCode" in key && key.recoveryCode.reveal() === "AAAA-BBBB");
      if (isRight) return makeStore("repository-1");
      throw new HoldfastError({
        code: "repository.passphrase.wrong",
        message: "the passphrase does not open the repository",
        advice: "Try again, or use the recovery kit.",
      });
    },
  };
}
