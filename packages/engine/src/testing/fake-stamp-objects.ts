import { armId, nameOfArmId } from "@holdfast/domain";
import type { QuotaUsage, VmConfiguration, VmDisk, VmSize } from "@holdfast/domain";
import { HoldfastError } from "@holdfast/kernel";
import type { Clock } from "@holdfast/kernel";
import type { ManagedDisk, ManagedSnapshot, NewNic } from "../ports/stamp.ts";
import { PageImage } from "./page-image.ts";

export type Held<T> = T & { readonly image: PageImage };

/** What a stamp of the fake can do; tests turn things off. */
export interface FakeStampAbilities {
  incrementalSnapshots: boolean;
  changedRanges: boolean;
  directUpload: boolean;
}

/** All that exists on a stamp in memory. The maps are open, so that a test can say what is left behind. */
export class FakeStampObjects {
  readonly name: string;
  readonly clock: Clock;
  readonly subscriptionId = "11111111-2222-4333-8444-555555555555";
  readonly location = "east";
  readonly abilities: FakeStampAbilities = { incrementalSnapshots: true, changedRanges: true, directUpload: true };
  readonly disks = new Map<string, Held<ManagedDisk>>();
  readonly snapshots = new Map<string, Held<ManagedSnapshot>>();
  readonly blobs = new Map<string, PageImage>();
  readonly blobSnapshots = new Map<string, PageImage>();
  readonly vms = new Map<string, VmConfiguration>();
  readonly nics = new Map<string, NewNic>();
  /** Tags of the resource groups that were asked for, by ARM id in lower case. */
  readonly groups = new Map<string, Readonly<Record<string, string>>>();
  readonly accounts = new Set<string>();
  readonly subnetIds = new Set<string>();
  /** Ids with a SAS out. */
  readonly access = new Set<string>();
  usages: QuotaUsage[] = [];
  sizes: VmSize[] = [{ name: "Standard_DS1_v2", cores: 1, memoryMiB: 3584, maxDataDisks: 4 }];
  #serial = 0;

  constructor(name: string, clock: Clock) {
    this.name = name;
    this.clock = clock;
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
      const disk = this.addDisk({ name: common.name, resourceGroup: "apps", sku: "Standard_LRS", tags: {} }, sizeBytes);
      return {
        ...common,
        caching: "None",
        backing: { kind: "managed", diskId: disk.id, uniqueId: disk.uniqueId, sku: disk.sku },
      };
    });
    const id = armId(place, "Microsoft.Compute/virtualMachines", name);
    const vm: VmConfiguration = {
      id,
      vmId: this.unique(),
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
    if (backing.kind === "unmanaged") return this.have(this.blobs.get(backing.vhdUri), backing.vhdUri);
    return this.have(this.disks.get(backing.diskId.toLowerCase()), backing.diskId).image;
  }

  /** All that exists beside what `addVm` made, by ARM id or address, sorted. */
  listObjects(): string[] {
    const maps = [this.disks, this.snapshots, this.blobs, this.blobSnapshots, this.vms, this.nics];
    return [...maps.flatMap((map) => [...map.keys()]), ...[...this.access].map((id) => `sas ${id}`)].toSorted();
  }

  addDisk(
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
      uniqueId: this.unique(),
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

  unique(): string {
    return `unique-${this.nextSerial()}`;
  }

  nextSerial(): number {
    this.#serial += 1;
    return this.#serial;
  }

  have<T>(object: T | undefined, id: string): T {
    if (object !== undefined) return object;
    throw new HoldfastError({
      code: "stackhub.arm.not-found",
      message: `${nameOfArmId(id)} is not there`,
      advice: "Check the name.",
    });
  }
}

export function conflict(message: string): HoldfastError {
  return new HoldfastError({ code: "stackhub.arm.conflict", message, advice: "Use another name." });
}
