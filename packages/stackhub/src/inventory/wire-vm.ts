import { z } from "zod";
import { tagsSchema } from "../snapshots/wire-snapshot.ts";

// Tolerant on purpose: a stamp leaves out what it does not know, and lists lack what single reads have.

const reference = z.object({ id: z.string() });
const caching = z.string().nullish();
const vhd = z.object({ uri: z.string() }).nullish();
const managedDisk = z.object({ id: z.string(), storageAccountType: z.string().nullish() }).nullish();

export const wireStatuses = z.object({
  statuses: z.array(z.object({ code: z.string().nullish() })).nullish(),
});

const wireStorageProfile = z.object({
  osDisk: z.object({
    osType: z.string().nullish(),
    name: z.string().nullish(),
    caching,
    vhd,
    managedDisk,
    diskSizeGB: z.number().nullish(),
  }),
  dataDisks: z
    .array(
      z.object({
        lun: z.number(),
        name: z.string().nullish(),
        caching,
        vhd,
        managedDisk,
        diskSizeGB: z.number().nullish(),
      }),
    )
    .nullish(),
});

export const wireVm = z.object({
  id: z.string(),
  name: z.string(),
  location: z.string().nullish(),
  tags: tagsSchema,
  plan: z
    .object({ name: z.string().nullish(), publisher: z.string().nullish(), product: z.string().nullish() })
    .nullish(),
  resources: z.array(z.unknown()).nullish(),
  sku: z.object({ name: z.string().nullish() }).nullish(),
  properties: z.object({
    vmId: z.string().nullish(),
    hardwareProfile: z.object({ vmSize: z.string().nullish() }).nullish(),
    storageProfile: wireStorageProfile,
    networkProfile: z
      .object({
        networkInterfaces: z
          .array(z.object({ id: z.string(), properties: z.object({ primary: z.boolean().nullish() }).nullish() }))
          .nullish(),
      })
      .nullish(),
    availabilitySet: reference.nullish(),
    virtualMachineScaleSet: reference.nullish(),
    licenseType: z.string().nullish(),
    diagnosticsProfile: z
      .object({
        bootDiagnostics: z.object({ enabled: z.boolean().nullish(), storageUri: z.string().nullish() }).nullish(),
      })
      .nullish(),
    instanceView: wireStatuses.nullish(),
  }),
});

export type WireVm = z.infer<typeof wireVm>;

export const wireExtension = z.object({
  name: z.string(),
  properties: z
    .object({
      publisher: z.string().nullish(),
      type: z.string().nullish(),
      typeHandlerVersion: z.string().nullish(),
    })
    .nullish(),
});
