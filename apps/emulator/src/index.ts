/**
 * An Azure Stack Hub on loopback, useful on its own. Imports nothing of the product but the kernel's byte ranges, so
 * that a mistake is not shared by both sides.
 */
export { ArmError, presentResource } from "./arm/provider.ts";
export type { ArmCall, ArmReply, Provider, ResourceType, StampServices } from "./arm/provider.ts";
