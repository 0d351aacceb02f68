/**
 * The vocabulary of protection and the decisions over it: functions from data to data. Does no I/O, reads no clock,
 * uses no randomness.
 */
export type {
  DiskBacking,
  DiskCaching,
  DiskSku,
  MarketplacePlan,
  NsgRule,
  PowerState,
  VmConfiguration,
  VmDisk,
  VmExtension,
  VmIpConfiguration,
  VmNic,
} from "./inventory/vm.ts";
export type { AvailabilitySet, Inventory, LoadBalancer, ScaleSet } from "./inventory/inventory.ts";
export type { Capability, Provenance, QuotaUsage, StampProbe, VmSize } from "./inventory/capability.ts";
export type {
  CaptureBytes,
  CaptureMethod,
  Consistency,
  DiskImage,
  FullReadReason,
  PhaseTime,
  PointDisk,
  ReadScope,
  RecoveryPoint,
  TornRisk,
} from "./recovery-point/recovery-point.ts";
