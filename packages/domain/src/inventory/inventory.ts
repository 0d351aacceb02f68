import type { VmConfiguration } from "./vm.ts";

export interface AvailabilitySet {
  readonly id: string;
  readonly name: string;
  readonly resourceGroup: string;
  readonly faultDomainCount: number;
  readonly vmIds: readonly string[];
}

export interface ScaleSet {
  readonly id: string;
  readonly name: string;
  readonly resourceGroup: string;
  readonly capacity: number;
}

export interface LoadBalancer {
  readonly id: string;
  readonly name: string;
  readonly resourceGroup: string;
  readonly poolIds: readonly string[];
  readonly hasProbe: boolean;
}

/** What one subscription of one stamp held at one time. Rebuildable: nothing here is the only copy of anything. */
export interface Inventory {
  readonly stampName: string;
  readonly subscriptionId: string;
  readonly location: string;
  readonly takenAtMs: number;
  readonly vms: readonly VmConfiguration[];
  readonly availabilitySets: readonly AvailabilitySet[];
  readonly scaleSets: readonly ScaleSet[];
  readonly loadBalancers: readonly LoadBalancer[];
}
