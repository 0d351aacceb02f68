import type { DiskSku } from "@holdfast/domain";
import { GiB } from "@holdfast/kernel";
import { z } from "zod";
import { tagsSchema } from "../snapshots/wire-snapshot.ts";

export interface ManagedDisk {
  readonly id: string;
  readonly name: string;
  readonly uniqueId: string;
  readonly sku: DiskSku;
  readonly sizeBytes: number;
  readonly state: string;
  readonly managedBy: string | null;
  readonly tags: Readonly<Record<string, string>>;
}

export const wireDisk = z.object({
  id: z.string(),
  name: z.string(),
  tags: tagsSchema,
  managedBy: z.string().nullish(),
  sku: z.object({ name: z.string().nullish() }).nullish(),
  properties: z.object({
    uniqueId: z.string().nullish(),
    timeCreated: z.string().nullish(),
    diskSizeGB: z.number().nullish(),
    diskSizeBytes: z.number().nullish(),
    diskState: z.string().nullish(),
    provisioningState: z.string().nullish(),
    creationData: z.object({ createOption: z.string().nullish(), sourceUri: z.string().nullish() }).nullish(),
  }),
});

/** Reads a managed disk of the wire; raises a ZodError where what every disk has is missing. */
export function readDisk(body: unknown): ManagedDisk {
  const { id, name, tags, managedBy, sku, properties } = wireDisk.parse(body);
  return {
    id,
    name,
    // Builds without a unique id still tell a disk that was made anew by its time of creation.
    uniqueId: properties.uniqueId ?? `created ${properties.timeCreated ?? "at an unknown time"}`,
    sku: toDiskSku(sku?.name),
    sizeBytes: properties.diskSizeBytes ?? (properties.diskSizeGB ?? 0) * GiB,
    state: properties.diskState ?? "",
    managedBy: managedBy ?? null,
    tags: tags ?? {},
  };
}

/** The platform has two classes only. */
export function toDiskSku(name: string | null | undefined): DiskSku {
  return name?.toLowerCase().startsWith("premium") === true ? "Premium_LRS" : "Standard_LRS";
}

export const wireAvailabilitySet = z.object({
  id: z.string(),
  name: z.string(),
  properties: z.object({
    platformFaultDomainCount: z.number().nullish(),
    virtualMachines: z.array(z.object({ id: z.string() })).nullish(),
  }),
});

export const wireScaleSet = z.object({
  id: z.string(),
  name: z.string(),
  sku: z.object({ capacity: z.number().nullish() }).nullish(),
});

export const wireVmSize = z.object({
  name: z.string(),
  numberOfCores: z.number(),
  memoryInMB: z.number(),
  maxDataDiskCount: z.number().nullish(),
});

export const wireUsage = z.object({
  unit: z.string().nullish(),
  currentValue: z.number(),
  limit: z.number(),
  name: z.object({ value: z.string() }),
});
