import { open } from "node:fs/promises";
import { StorageSharedKeyCredential } from "@azure/storage-blob";
import { pageBlobClient } from "./blob-client.ts";
import type { Tenant } from "./tenant.ts";

const compute = "Microsoft.Compute";
const network = "Microsoft.Network";
const maxPageWriteBytes = 4 * 1024 * 1024;

/** A group with a network, a subnet and a storage account: where a tenant's VMs live. */
export async function makeLandingZone(tenant: Tenant, group: string, account: string, prefix = "10.0"): Promise<void> {
  const id = tenant.groupId(group);
  const { location } = tenant.stamp;
  await tenant.arm("PUT", id, "2019-10-01", { location });
  await tenant.arm("PUT", `${id}/providers/${network}/virtualNetworks/vnet`, "2018-11-01", {
    location,
    properties: {
      addressSpace: { addressPrefixes: [`${prefix}.0.0/16`] },
      subnets: [{ name: "default", properties: { addressPrefix: `${prefix}.0.0/24` } }],
    },
  });
  await tenant.arm("PUT", `${id}/providers/Microsoft.Storage/storageAccounts/${account}`, "2019-06-01", {
    location,
    kind: "Storage",
    sku: { name: "Standard_LRS" },
    properties: {},
  });
}

export function subnetId(tenant: Tenant, group: string): string {
  return `${tenant.groupId(group)}/providers/${network}/virtualNetworks/vnet/subnets/default`;
}

/** A fixed VHD's last 512 bytes, for a disk of whole MiB (Microsoft's VHD specification 1.0). */
export function fixedVhdFooter(sizeBytes: number): Buffer {
  const footer = Buffer.alloc(512);
  footer.write("conectix", 0, "latin1");
  footer.writeUInt32BE(2, 8);
  footer.writeUInt32BE(0x00010000, 12);
  footer.writeBigUInt64BE(0xffffffffffffffffn, 16);
  footer.write("e2e ", 28, "latin1");
  footer.writeUInt32BE(0x00010000, 32);
  footer.write("Wi2k", 36, "latin1");
  footer.writeBigUInt64BE(BigInt(sizeBytes), 40);
  footer.writeBigUInt64BE(BigInt(sizeBytes), 48);
  footer.writeUInt32BE(2, 60);
  footer.writeUInt32BE(~footer.reduce((sum, byte) => sum + byte, 0) >>> 0, 64);
  return footer;
}

async function accountKey(tenant: Tenant, group: string, account: string): Promise<string> {
  const path = `${tenant.groupId(group)}/providers/Microsoft.Storage/storageAccounts/${account}/listKeys`;
  const answer = (await tenant.arm("POST", path, "2019-06-01", {})) as {
    readonly keys: readonly { readonly value: string }[];
  };
  return answer.keys[0]!.value;
}

/** Names of the blobs of a container, in order. */
export async function listBlobs(
  tenant: Tenant,
  where: { readonly group: string; readonly account: string; readonly container: string },
): Promise<string[]> {
  const key = await accountKey(tenant, where.group, where.account);
  const base = `https://${where.account}.blob.${tenant.stamp.domain}:${tenant.stamp.port}`;
  const credential = new StorageSharedKeyCredential(where.account, key);
  const { container } = pageBlobClient(tenant.stamp, `${base}/${where.container}/none`, credential);
  const names: string[] = [];
  if (await container.exists()) for await (const { name } of container.listBlobsFlat()) names.push(name);
  return names;
}

export interface UploadedDisk {
  readonly uri: string;
  readonly sizeBytes: number;
  readonly writtenBytes: number;
}

/** Uploads a raw image as a fixed VHD page blob, leaving out pieces that hold only zeros. */
export async function uploadImage(
  tenant: Tenant,
  where: { readonly group: string; readonly account: string; readonly blob: string },
  imageFile: string,
): Promise<UploadedDisk> {
  const credential = new StorageSharedKeyCredential(
    where.account,
    await accountKey(tenant, where.group, where.account),
  );
  const base = `https://${where.account}.blob.${tenant.stamp.domain}:${tenant.stamp.port}`;
  const { container, page } = pageBlobClient(tenant.stamp, `${base}/vhds/${where.blob}`, credential);
  await container.createIfNotExists();
  await using file = await open(imageFile);
  const { size } = await file.stat();
  await page.create(size + 512);
  const zeros = Buffer.alloc(maxPageWriteBytes);
  let offset = 0;
  let writtenBytes = 0;
  const lane = async (): Promise<void> => {
    const buffer = Buffer.alloc(maxPageWriteBytes);
    while (offset < size) {
      const start = offset;
      offset += maxPageWriteBytes;
      const { bytesRead } = await file.read(buffer, 0, Math.min(maxPageWriteBytes, size - start), start);
      const piece = buffer.subarray(0, bytesRead);
      if (piece.equals(zeros.subarray(0, bytesRead))) continue;
      await page.uploadPages(piece, start, bytesRead);
      writtenBytes += bytesRead;
    }
  };
  await Promise.all(Array.from({ length: 4 }, lane));
  await page.uploadPages(fixedVhdFooter(size), size, 512);
  return { uri: page.url, sizeBytes: size, writtenBytes };
}

/** Imports an uploaded VHD as a managed disk; answers its ARM id. */
export async function importDisk(
  tenant: Tenant,
  where: { readonly group: string; readonly account: string },
  name: string,
  uri: string,
): Promise<string> {
  const id = `${tenant.groupId(where.group)}/providers/${compute}/disks/${name}`;
  await tenant.arm("PUT", id, "2019-07-01", {
    location: tenant.stamp.location,
    sku: { name: "Standard_LRS" },
    properties: {
      osType: "Linux",
      creationData: {
        createOption: "Import",
        sourceUri: uri,
        storageAccountId: `${tenant.groupId(where.group)}/providers/Microsoft.Storage/storageAccounts/${where.account}`,
      },
    },
  });
  return id;
}

export interface WantedVm {
  readonly group: string;
  readonly name: string;
  readonly size?: string;
  readonly osDisk: Readonly<Record<string, unknown>>;
  readonly dataDisks?: readonly Readonly<Record<string, unknown>>[];
  readonly tags?: Readonly<Record<string, string>>;
}

/** Makes a NIC and a VM that attaches given disks; the platform starts it. */
export async function makeVm(tenant: Tenant, wanted: WantedVm): Promise<string> {
  const group = tenant.groupId(wanted.group);
  const { location } = tenant.stamp;
  const nicId = `${group}/providers/${network}/networkInterfaces/${wanted.name}-nic`;
  await tenant.arm("PUT", nicId, "2018-11-01", {
    location,
    properties: {
      ipConfigurations: [
        {
          name: "ip1",
          properties: {
            subnet: { id: subnetId(tenant, wanted.group) },
            privateIPAllocationMethod: "Dynamic",
            primary: true,
          },
        },
      ],
    },
  });
  const id = `${group}/providers/${compute}/virtualMachines/${wanted.name}`;
  await tenant.arm("PUT", id, "2020-06-01", {
    location,
    tags: wanted.tags ?? {},
    properties: {
      hardwareProfile: { vmSize: wanted.size ?? "Standard_A1" },
      storageProfile: { osDisk: wanted.osDisk, dataDisks: wanted.dataDisks ?? [] },
      networkProfile: { networkInterfaces: [{ id: nicId, properties: { primary: true } }] },
    },
  });
  return id;
}
