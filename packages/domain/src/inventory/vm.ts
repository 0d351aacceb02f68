/** `unknown` where the stamp gave no power state: never taken for stopped. */
export type PowerState = "running" | "stopped" | "deallocated" | "starting" | "stopping" | "deallocating" | "unknown";

export type DiskCaching = "None" | "ReadOnly" | "ReadWrite";
export type DiskSku = "Standard_LRS" | "Premium_LRS";

/** Where a disk's bytes live: a managed disk (a resource of its own) or a page blob in a tenant's storage account. */
export type DiskBacking =
  | {
      readonly kind: "managed";
      /** ARM id, as the stamp spells it. */
      readonly diskId: string;
      /** Changes when a disk is deleted and made again under the same name: the next capture must then read all. */
      readonly uniqueId: string;
      readonly sku: DiskSku;
    }
  | { readonly kind: "unmanaged"; readonly vhdUri: string };

/** One disk of a VM as ARM sees it. */
export interface VmDisk {
  readonly name: string;
  readonly role: "os" | "data";
  /** The slot of a data disk; null for the OS disk. */
  readonly lun: number | null;
  readonly caching: DiskCaching;
  /** Bytes that the guest sees, without the VHD footer. */
  readonly sizeBytes: number;
  readonly backing: DiskBacking;
}

export interface VmIpConfiguration {
  readonly name: string;
  readonly isPrimary: boolean;
  readonly privateAddress: string | null;
  readonly privateAllocation: "Static" | "Dynamic";
  readonly subnetId: string;
  readonly publicIp: { readonly id: string; readonly address: string | null; readonly dnsLabel: string | null } | null;
  /** ARM ids of the load balancer back-end pools that this address belongs to. */
  readonly loadBalancerPoolIds: readonly string[];
}

export interface NsgRule {
  readonly name: string;
  readonly priority: number;
  readonly direction: "Inbound" | "Outbound";
  readonly access: "Allow" | "Deny";
  readonly protocol: string;
  readonly sourceAddressPrefix: string;
  readonly sourcePortRange: string;
  readonly destinationAddressPrefix: string;
  readonly destinationPortRange: string;
}

export interface VmNic {
  readonly id: string;
  readonly name: string;
  readonly isPrimary: boolean;
  readonly macAddress: string | null;
  readonly ipConfigurations: readonly VmIpConfiguration[];
  readonly dnsServers: readonly string[];
  readonly nsg: { readonly id: string; readonly rules: readonly NsgRule[] } | null;
}

/** An extension by name only: its protected settings cannot be read back, so it is reinstalled, not restored. */
export interface VmExtension {
  readonly name: string;
  readonly publisher: string;
  readonly type: string;
  readonly version: string;
}

export interface MarketplacePlan {
  readonly name: string;
  readonly publisher: string;
  readonly product: string;
}

/** All that is needed to rebuild a VM elsewhere, as it was when it was read. Kept in every recovery point. */
export interface VmConfiguration {
  readonly id: string;
  readonly vmId: string;
  readonly name: string;
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  readonly location: string;
  readonly sizeName: string;
  readonly osType: "Linux" | "Windows";
  readonly powerState: PowerState;
  /** The OS disk first, then data disks in LUN order. */
  readonly disks: readonly VmDisk[];
  readonly nics: readonly VmNic[];
  readonly availabilitySetId: string | null;
  /** Set for an instance of a scale set, which is not captured at VM level. */
  readonly scaleSetId: string | null;
  readonly tags: Readonly<Record<string, string>>;
  readonly licenseType: string | null;
  readonly plan: MarketplacePlan | null;
  /** The storage account's address, or null for none. Rewritten or dropped at restore: a VM does not start with a dead one. */
  readonly bootDiagnosticsUri: string | null;
  readonly extensions: readonly VmExtension[];
}
