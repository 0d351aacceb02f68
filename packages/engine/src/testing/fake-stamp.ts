import { armId, nameOfArmId } from "@holdfast/domain";
import type { Inventory, PowerState, QuotaUsage, VmConfiguration, VmDisk, VmSize } from "@holdfast/domain";
import { GiB, HoldfastError } from "@holdfast/kernel";
import type { ByteRange, Clock } from "@holdfast/kernel";
import type {
  CallOptions,
  ManagedDisk,
  ManagedSnapshot,
  NewNic,
  NewSnapshot,
  NewVm,
  PageSink,
  PageSource,
  Stamp,
  StampFacts,
} from "../ports/stamp.ts";
import { PageImage } from "./page-image.ts";

type Held<T> = T & { readonly image: PageImage };

/** What a stamp of the fake can do; tests turn things off. */
export interface FakeStampAbilities {
  incrementalSnapshots: boolean;
  changedRanges: boolean;
}

/**
 * A stamp in memory: disks as sparse pages, snapshots with correct changed ranges, staging blobs, NICs and VMs. Its maps
 * are open, so that a test can say what is left behind.
 */
export class FakeStamp implements Stamp {
  readonly name: string;
  readonly subscriptionId = "11111111-2222-4333-8444-555555555555";
  readonly location = "east";
  readonly abilities: FakeStampAbilities = { incrementalSnapshots: true, changedRanges: true };
  readonly disks = new Map<string, Held<ManagedDisk>>();
  readonly snapshots = new Map<string, Held<ManagedSnapshot>>();
  readonly blobs = new Map<string, PageImage>();
  readonly blobSnapshots = new Map<string, PageImage>();
  readonly vms = new Map<string, VmConfiguration>();
  readonly nics = new Map<string, NewNic>();
  readonly subnetIds = new Set<string>();
  /** Ids with a SAS out. */
  readonly access = new Set<string>();
  usages: QuotaUsage[] = [];
  sizes: VmSize[] = [{ name: "Standard_DS1_v2", cores: 1, memoryMiB: 3584, maxDataDisks: 4 }];
  readonly #clock: Clock;
  #serial = 0;

  constructor(name: string, clock: Clock) {
    this.name = name;
    this.#clock = clock;
  }

  /** Makes a VM with empty disks of so many bytes: the OS disk first. */
  addVm(
    name: string,
    diskBytes: readonly number[],
    options: { readonly isUnmanaged?: boolean; readonly change?: Partial<VmConfiguration> } = {},
  ): VmConfiguration {
    const place = { subscriptionId: this.subscriptionId, resourceGroup: "apps" };
    const subnetId = `${armId(place, "Microsoft.Network/virtualNetworks", "net")}/subnets/default`;
    this.subnetIds.add(subnetId.toLowerCase());
    const disks = diskBytes.map((sizeBytes, index): VmDisk => {
      const role = index === 0 ? "os" : "data";
      const common = { name: `${name}-disk${index}`, role, lun: index === 0 ? null : index - 1, sizeBytes } as const;
      if (options.isUnmanaged === true) {
        const vhdUri = `https://acct.blob.east.example/vhds/${common.name}.vhd`;
        this.blobs.set(vhdUri, new PageImage(sizeBytes + 512));
        return { ...common, caching: "None", backing: { kind: "unmanaged", vhdUri } };
      }
      const disk = this.#addDisk(
        { name: common.name, resourceGroup: "apps", sku: "Standard_LRS", tags: {} },
        sizeBytes,
      );
      return {
        ...common,
        caching: "None",
        backing: { kind: "managed", diskId: disk.id, uniqueId: disk.uniqueId, sku: disk.sku },
      };
    });
    const id = armId(place, "Microsoft.Compute/virtualMachines", name);
    const vm: VmConfiguration = {
      id,
      vmId: this.#unique(),
      name,
      ...place,
      location: this.location,
      sizeName: "Standard_DS1_v2",
      osType: "Linux",
      powerState: "deallocated",
      disks,
      nics: [
        {
          id: armId(place, "Microsoft.Network/networkInterfaces", `${name}-nic`),
          name: `${name}-nic`,
          isPrimary: true,
          macAddress: null,
          ipConfigurations: [
            {
              name: "ip",
              isPrimary: true,
              privateAddress: "10.0.0.4",
              privateAllocation: "Dynamic",
              subnetId,
              publicIp: null,
              loadBalancerPoolIds: [],
            },
          ],
          dnsServers: [],
          nsg: null,
        },
      ],
      availabilitySetId: null,
      scaleSetId: null,
      tags: { owner: "test" },
      licenseType: null,
      plan: null,
      bootDiagnosticsUri: null,
      extensions: [],
      ...options.change,
    };
    this.vms.set(id.toLowerCase(), vm);
    return vm;
  }

  /** The live bytes of a VM's disk. */
  imageOf(disk: VmDisk): PageImage {
    const { backing } = disk;
    if (backing.kind === "unmanaged") return this.#have(this.blobs.get(backing.vhdUri), backing.vhdUri);
    return this.#have(this.disks.get(backing.diskId.toLowerCase()), backing.diskId).image;
  }

  /** All that exists beside what `addVm` made, by ARM id or address, sorted. */
  listObjects(): string[] {
    const maps = [this.disks, this.snapshots, this.blobs, this.blobSnapshots, this.vms, this.nics];
    return [...maps.flatMap((map) => [...map.keys()]), ...[...this.access].map((id) => `sas ${id}`)].toSorted();
  }

  async describe(): Promise<StampFacts> {
    return {
      armEndpoint: `https://management.${this.name}.example`,
      location: this.location,
      subscriptionId: this.subscriptionId,
      identityProvider: "AD FS",
      clockSkewMs: 0,
      storageSuffix: `${this.name}.example`,
      apiVersions: { "Microsoft.Compute/disks": ["2019-07-01"] },
    };
  }
  async takeInventory(): Promise<Inventory> {
    return {
      stampName: this.name,
      subscriptionId: this.subscriptionId,
      location: this.location,
      takenAtMs: this.#clock.now(),
      vms: [...this.vms.values()],
      availabilitySets: [],
      scaleSets: [],
      loadBalancers: [],
    };
  }
  async readVm(vmId: string, options: CallOptions = {}): Promise<VmConfiguration> {
    options.signal?.throwIfAborted();
    return this.#have(this.vms.get(vmId.toLowerCase()), vmId);
  }
  async listUsages(): Promise<readonly QuotaUsage[]> {
    return this.usages;
  }
  async listVmSizes(): Promise<readonly VmSize[]> {
    return this.sizes;
  }

  async createSnapshot(wanted: NewSnapshot, options: CallOptions = {}): Promise<ManagedSnapshot> {
    options.signal?.throwIfAborted();
    const id = armId(
      { subscriptionId: this.subscriptionId, resourceGroup: wanted.resourceGroup },
      "Microsoft.Compute/snapshots",
      wanted.name,
    );
    const there = this.snapshots.get(id.toLowerCase());
    if (there !== undefined) return there;
    const disk = this.#have(this.disks.get(wanted.diskId.toLowerCase()), wanted.diskId);
    const snapshot = {
      id,
      name: wanted.name,
      timeCreatedMs: this.#clock.now() + this.#serial,
      isIncremental: wanted.isIncremental && this.abilities.incrementalSnapshots,
      sourceDiskId: disk.id,
      sourceUniqueId: disk.uniqueId,
      sizeBytes: disk.sizeBytes,
      tags: wanted.tags,
      image: disk.image.copy(),
    };
    this.#serial += 1;
    this.snapshots.set(id.toLowerCase(), snapshot);
    return snapshot;
  }
  async findSnapshot(snapshotId: string): Promise<ManagedSnapshot | null> {
    return this.snapshots.get(snapshotId.toLowerCase()) ?? null;
  }
  async deleteSnapshot(snapshotId: string): Promise<void> {
    this.access.delete(snapshotId.toLowerCase());
    this.snapshots.delete(snapshotId.toLowerCase());
  }
  async listSnapshotsTagged(tag: string): Promise<readonly ManagedSnapshot[]> {
    return [...this.snapshots.values()].filter((snapshot) => Object.hasOwn(snapshot.tags, tag));
  }
  async openSnapshot(snapshotId: string, options: CallOptions = {}): Promise<PageSource & AsyncDisposable> {
    options.signal?.throwIfAborted();
    const key = snapshotId.toLowerCase();
    const { image } = this.#have(this.snapshots.get(key), snapshotId);
    this.access.add(key);
    return this.#source(image, () => this.access.delete(key));
  }
  async revokeAccess(resourceId: string): Promise<void> {
    if (!resourceId.startsWith("/subscriptions/")) throw new Error(`${resourceId} is no ARM id`);
    this.access.delete(resourceId.toLowerCase());
  }

  async createBlobSnapshot(vhdUri: string): Promise<{ readonly uri: string; readonly timeCreatedMs: number }> {
    const image = this.#have(this.blobs.get(vhdUri), vhdUri);
    this.#serial += 1;
    const timeCreatedMs = this.#clock.now() + this.#serial;
    const uri = `${vhdUri}?snapshot=${new Date(timeCreatedMs).toISOString()}`;
    this.blobSnapshots.set(uri, image.copy());
    return { uri, timeCreatedMs };
  }
  async openBlobSnapshot(snapshotUri: string): Promise<(PageSource & AsyncDisposable) | null> {
    const image = this.blobSnapshots.get(snapshotUri);
    return image === undefined ? null : this.#source(image, () => undefined);
  }
  async deleteBlobSnapshot(snapshotUri: string): Promise<void> {
    this.blobSnapshots.delete(snapshotUri);
  }

  async ensureStaging(wanted: {
    readonly resourceGroup: string;
    readonly accountName: string;
    readonly container: string;
  }): Promise<{ readonly accountId: string; readonly containerUri: string }> {
    const place = { subscriptionId: this.subscriptionId, resourceGroup: wanted.resourceGroup };
    return {
      accountId: armId(place, "Microsoft.Storage/storageAccounts", wanted.accountName),
      containerUri: `https://${wanted.accountName}.blob.${this.name}.example/${wanted.container}`,
    };
  }
  async createPageBlob(containerUri: string, blobName: string, contentBytes: number): Promise<PageSink> {
    const uri = `${containerUri}/${blobName}`;
    const image = this.blobs.get(uri) ?? new PageImage(contentBytes);
    this.blobs.set(uri, image);
    return {
      uri,
      async write(offsetBytes, data, options) {
        options?.signal?.throwIfAborted();
        if (offsetBytes % 512 !== 0 || data.length % 512 !== 0 || data.length > 4 * 1024 ** 2) {
          throw new Error(`a page write of ${data.length} at ${offsetBytes} is refused`);
        }
        image.write(offsetBytes, data);
      },
    };
  }
  async deleteBlob(blobUri: string): Promise<void> {
    this.blobs.delete(blobUri);
    for (const uri of this.blobSnapshots.keys()) {
      if (uri.startsWith(`${blobUri}?`)) this.blobSnapshots.delete(uri);
    }
  }

  async ensureResourceGroup(): Promise<void> {}
  async exists(resourceId: string): Promise<boolean> {
    const key = resourceId.toLowerCase();
    return [this.vms, this.disks, this.snapshots, this.nics, this.subnetIds].some((held) => held.has(key));
  }
  async importDisk(wanted: Parameters<Stamp["importDisk"]>[0]): Promise<ManagedDisk> {
    const blob = this.#have(this.blobs.get(wanted.sourceUri), wanted.sourceUri);
    return this.#addDisk(wanted, blob.contentBytes - 512, blob.copy());
  }
  async createEmptyDisk(wanted: Parameters<Stamp["createEmptyDisk"]>[0]): Promise<ManagedDisk> {
    return this.#addDisk(wanted, wanted.sizeGiB * GiB);
  }
  async findDisk(diskId: string): Promise<ManagedDisk | null> {
    return this.disks.get(diskId.toLowerCase()) ?? null;
  }
  async deleteDisk(diskId: string): Promise<void> {
    const inUse = [...this.vms.values()].some((vm) =>
      vm.disks.some(
        ({ backing }) => backing.kind === "managed" && backing.diskId.toLowerCase() === diskId.toLowerCase(),
      ),
    );
    if (inUse) throw conflict(`disk ${diskId} is attached`);
    this.disks.delete(diskId.toLowerCase());
  }
  async createNic(wanted: NewNic): Promise<{ readonly id: string }> {
    const id = armId(
      { subscriptionId: this.subscriptionId, resourceGroup: wanted.resourceGroup },
      "Microsoft.Network/networkInterfaces",
      wanted.name,
    );
    this.nics.set(id.toLowerCase(), wanted);
    return { id };
  }
  async deleteNic(nicId: string): Promise<void> {
    this.nics.delete(nicId.toLowerCase());
  }
  async createVm(wanted: NewVm): Promise<VmConfiguration> {
    const place = { subscriptionId: this.subscriptionId, resourceGroup: wanted.resourceGroup };
    const id = armId(place, "Microsoft.Compute/virtualMachines", wanted.name);
    if (this.vms.has(id.toLowerCase())) throw conflict(`VM ${id} exists`);
    const attached = [{ ...wanted.osDisk, lun: null }, ...wanted.dataDisks];
    const disks = attached.map(({ diskId, lun, caching }): VmDisk => {
      const disk = this.#have(this.disks.get(diskId.toLowerCase()), diskId);
      const backing = { kind: "managed", diskId: disk.id, uniqueId: disk.uniqueId, sku: disk.sku } as const;
      return { name: disk.name, role: lun === null ? "os" : "data", lun, caching, sizeBytes: disk.sizeBytes, backing };
    });
    const vm: VmConfiguration = {
      ...wanted,
      ...place,
      id,
      vmId: this.#unique(),
      location: this.location,
      powerState: "running",
      disks,
      nics: [],
      scaleSetId: null,
      extensions: [],
    };
    this.vms.set(id.toLowerCase(), vm);
    return vm;
  }
  async deleteVm(vmId: string): Promise<void> {
    this.vms.delete(vmId.toLowerCase());
  }
  async startVm(vmId: string): Promise<void> {
    this.#setPower(vmId, "running");
  }
  async deallocateVm(vmId: string): Promise<void> {
    this.#setPower(vmId, "deallocated");
  }
  async readPowerState(vmId: string): Promise<PowerState> {
    return (await this.readVm(vmId)).powerState;
  }

  #addDisk(
    wanted: Pick<ManagedDisk, "name" | "sku" | "tags"> & { readonly resourceGroup: string },
    sizeBytes: number,
    image = new PageImage(sizeBytes + 512),
  ): Held<ManagedDisk> {
    const id = armId(
      { subscriptionId: this.subscriptionId, resourceGroup: wanted.resourceGroup },
      "Microsoft.Compute/disks",
      wanted.name,
    );
    const there = this.disks.get(id.toLowerCase());
    if (there !== undefined) return there;
    const { name, sku, tags } = wanted;
    const disk = {
      id,
      name,
      uniqueId: this.#unique(),
      sku,
      sizeBytes,
      state: "Unattached",
      managedBy: null,
      tags,
      image,
    };
    this.disks.set(id.toLowerCase(), disk);
    return disk;
  }

  #source(image: PageImage, end: () => unknown): PageSource & AsyncDisposable {
    const images = fakeSources;
    const { abilities } = this;
    const source: PageSource & AsyncDisposable = {
      contentBytes: image.contentBytes,
      async *listAllocated(): AsyncGenerator<ByteRange> {
        yield* image.allocated();
      },
      async *listChanged(since) {
        const older = images.get(since);
        if (!abilities.changedRanges || older === undefined) {
          throw new HoldfastError({ code: "stackhub.blob.changes-refused", message: "refused", advice: "Read all." });
        }
        yield* image.changedSince(older);
      },
      async read(range, options) {
        options?.signal?.throwIfAborted();
        return image.read(range);
      },
      async [Symbol.asyncDispose]() {
        end();
      },
    };
    images.set(source, image);
    return source;
  }

  #setPower(vmId: string, powerState: PowerState): void {
    const vm = this.#have(this.vms.get(vmId.toLowerCase()), vmId);
    this.vms.set(vmId.toLowerCase(), { ...vm, powerState });
  }

  #unique(): string {
    this.#serial += 1;
    return `unique-${this.#serial}`;
  }

  #have<T>(object: T | undefined, id: string): T {
    if (object !== undefined) return object;
    throw new HoldfastError({
      code: "stackhub.arm.not-found",
      message: `${nameOfArmId(id)} is not there`,
      advice: "Check the name.",
    });
  }
}

/** The image behind an open source: changed ranges compare two of them. */
const fakeSources = new WeakMap<PageSource, PageImage>();

function conflict(message: string): HoldfastError {
  return new HoldfastError({ code: "stackhub.arm.conflict", message, advice: "Use another name." });
}
