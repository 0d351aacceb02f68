import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Emulator, PageStore, RunningStamp, StampOptions } from "@holdfast/emulator";
import { standardPlanes, startEmulator } from "@holdfast/emulator";
import { hashView, volumeOfDisk } from "../support/guest-disk.ts";
import type { HoldfastCli } from "../support/holdfast-cli.ts";
import { openHoldfastCli } from "../support/holdfast-cli.ts";
import { describeForClients } from "../support/start-stamp.ts";
import type { Tenant } from "../support/tenant.ts";
import { connectTenant } from "../support/tenant.ts";
import type { UploadedDisk } from "../support/tenant-vm.ts";
import { importDisk, listBlobs, makeLandingZone, makeVm, uploadImage } from "../support/tenant-vm.ts";

export const mebibyte = 1024 * 1024;
export const chunkBytes = 256 * 1024;
export const group = "app";

/** Stamps with inert VMs, and a Holdfast with a home of its own that knows them and has a repository. */
export interface ProductStage extends AsyncDisposable {
  readonly folder: string;
  readonly repository: string;
  readonly passphraseFile: string;
  readonly emulator: Emulator;
  readonly holdfast: HoldfastCli;
  stamp(name: string): RunningStamp;
  tenant(name: string): Tenant;
  /** SHA-256 of what the guest sees of a managed disk. */
  hashDisk(stampName: string, diskId: string): Promise<string>;
  /** Writes to a disk as its guest would. */
  writeDisk(stampName: string, diskId: string, offset: number, bytes: Uint8Array): Promise<void>;
}

/** The words that connect a stamp; later options win over earlier ones. */
export function connectWords(stamp: RunningStamp, ...changes: readonly string[]): string[] {
  const arm = `https://management.${stamp.domain}:${stamp.port}`;
  const sign = ["--tenant", stamp.tenant, "--client-id", stamp.clientId, "--secret-file", stamp.clientSecretFile];
  const reach = ["--ca", stamp.caFile, "--resolve", `*.${stamp.domain}=127.0.0.1`];
  return ["stamp", "add", stamp.name, "--arm", arm, ...sign, ...reach, ...changes];
}

/** Starts the stamps; those with AD FS have a landing zone. */
export async function openProductStage(stamps: readonly StampOptions[] = [{ name: "east" }]): Promise<ProductStage> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "holdfast-product-"));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const pages = new Map<string, PageStore>();
  const planes = standardPlanes({
    vms: "inert",
    operationMs: 0,
    onPages: (name, store) => void pages.set(name, store),
  });
  const options = stamps.map((stamp) => ({ operationScale: 0, ...stamp }));
  const emulator = stack.use(await startEmulator({ stamps: options, planes }));
  const passphraseFile = join(folder, "passphrase");
  await writeFile(passphraseFile, "a passphrase of the tests", { mode: 0o600 });
  const holdfast = openHoldfastCli(join(folder, "home"), passphraseFile);
  const tenants = new Map<string, Tenant>();
  for (const running of emulator.stamps) {
    // The tenant's own client signs in at AD FS only.
    if (running.identity !== "adfs") continue;
    const tenant = await connectTenant(describeForClients(running));
    await makeLandingZone(tenant, group, `${running.name}data`);
    tenants.set(running.name, tenant);
  }
  const volume = (name: string, diskId: string): ReturnType<typeof volumeOfDisk> =>
    volumeOfDisk(emulator.stamp(name), pages.get(name)!, diskId);
  const owned = stack.move();
  return {
    folder,
    repository: join(folder, "repository"),
    passphraseFile,
    emulator,
    holdfast,
    stamp: (name) => emulator.stamp(name),
    tenant: (name) => tenants.get(name)!,
    hashDisk: async (name, diskId) => {
      const view = volume(name, diskId);
      return await hashView(view, view.sizeBytes - 512);
    },
    writeDisk: async (name, diskId, offset, bytes) => {
      await volume(name, diskId).write(offset, bytes);
      await volume(name, diskId).flush();
    },
    [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose](),
  };
}

/** Connects every stamp with AD FS and makes the repository. */
export async function connectAll(stage: ProductStage): Promise<void> {
  for (const running of stage.emulator.stamps) {
    if (running.identity === "adfs") await stage.holdfast.json(...connectWords(running));
  }
  const kit = join(stage.folder, "kit.txt");
  await stage.holdfast.json("repo", "init", stage.repository, "--recovery-kit", kit);
}

/** A disk image with 3 MiB of data at its start, and 1 MiB far behind. */
export async function uploadRandomDisk(stage: ProductStage, stampName: string, name: string): Promise<UploadedDisk> {
  const image = Buffer.alloc(64 * mebibyte);
  randomBytes(3 * mebibyte).copy(image, 0);
  randomBytes(mebibyte).copy(image, 40 * mebibyte);
  const file = join(stage.folder, `${name}.raw`);
  await writeFile(file, image);
  return await uploadImage(stage.tenant(stampName), { group, account: `${stampName}data`, blob: `${name}.vhd` }, file);
}

export interface PlacedVm {
  readonly vmId: string;
  readonly diskIds: readonly string[];
}

/** A running VM with managed disks: its system disk, and as many data disks as asked for. */
export async function placeVm(stage: ProductStage, name: string, dataDisks = 0, stampName = "east"): Promise<PlacedVm> {
  const tenant = stage.tenant(stampName);
  const where = { group, account: `${stampName}data` };
  const diskIds: string[] = [];
  for (let index = 0; index <= dataDisks; index += 1) {
    const diskName = `${name}-${index === 0 ? "os" : `data${index}`}`;
    const { uri } = await uploadRandomDisk(stage, stampName, diskName);
    diskIds.push(await importDisk(tenant, where, diskName, uri));
  }
  const attach = (id: string): object => ({ createOption: "Attach", managedDisk: { id } });
  const vmId = await makeVm(tenant, {
    group,
    name,
    osDisk: { name: `${name}-os`, osType: "Linux", caching: "ReadWrite", ...attach(diskIds[0]!) },
    dataDisks: diskIds.slice(1).map((id, lun) => ({ lun, name: `${name}-data${lun + 1}`, ...attach(id) })),
  });
  return { vmId, diskIds };
}

interface Tagged {
  readonly id: string;
  readonly name: string;
}

async function listNames(tenant: Tenant, type: string): Promise<Tagged[]> {
  const path = `/subscriptions/${tenant.stamp.subscriptionId}/providers/Microsoft.Compute/${type}`;
  return ((await tenant.arm("GET", path, "2019-07-01")) as { readonly value: Tagged[] }).value;
}

/** Names of all snapshots of the subscription. */
export async function snapshotNames(stage: ProductStage, stampName = "east"): Promise<string[]> {
  return (await listNames(stage.tenant(stampName), "snapshots")).map(({ name }) => name);
}

/** Names of all managed disks of the subscription, in order. */
export async function diskNames(stage: ProductStage, stampName = "east"): Promise<string[]> {
  return (await listNames(stage.tenant(stampName), "disks")).map(({ name }) => name).toSorted();
}

/** Names of all network interfaces of the subscription, in order. */
export async function nicNames(stage: ProductStage, stampName = "east"): Promise<string[]> {
  const tenant = stage.tenant(stampName);
  const path = `/subscriptions/${tenant.stamp.subscriptionId}/providers/Microsoft.Network/networkInterfaces`;
  const { value } = (await tenant.arm("GET", path, "2018-11-01")) as { readonly value: Tagged[] };
  return value.map(({ name }) => name).toSorted();
}

/** Names of all resource groups of the subscription. */
export async function groupNames(stage: ProductStage, stampName = "east"): Promise<string[]> {
  const tenant = stage.tenant(stampName);
  const path = `/subscriptions/${tenant.stamp.subscriptionId}/resourcegroups`;
  const { value } = (await tenant.arm("GET", path, "2019-10-01")) as { readonly value: Tagged[] };
  return value.map(({ name }) => name);
}

/** Types and names of all resources that carry the tag of one run of Holdfast, in order. */
export async function runTagged(stage: ProductStage, stampName = "east"): Promise<string[]> {
  const tenant = stage.tenant(stampName);
  const path = `/subscriptions/${tenant.stamp.subscriptionId}/resources`;
  const { value } = (await tenant.arm("GET", path, "2019-10-01")) as { readonly value: TaggedResource[] };
  return value.flatMap(({ type, name, tags }) => (tags?.["holdfast:run"] === undefined ? [] : [`${type} ${name}`]));
}

interface TaggedResource extends Tagged {
  readonly type: string;
  readonly tags?: Readonly<Record<string, string>>;
}

/** Names of all blobs in the containers that restores write to. */
export async function stagingBlobs(stage: ProductStage, stampName = "east"): Promise<string[]> {
  const tenant = stage.tenant(stampName);
  const path = `/subscriptions/${tenant.stamp.subscriptionId}/providers/Microsoft.Storage/storageAccounts`;
  const { value } = (await tenant.arm("GET", path, "2019-06-01")) as { readonly value: Tagged[] };
  const names: string[] = [];
  for (const { name: account } of value.filter(({ name }) => name.startsWith("hf"))) {
    names.push(...(await listBlobs(tenant, { group, account, container: "holdfast-staging" })));
  }
  return names;
}

/** SHA-256 of a file, or of its beginning. */
export async function hashFile(path: string, sizeBytes?: number): Promise<string> {
  const bytes = await readFile(path);
  return createHash("sha256").update(bytes.subarray(0, sizeBytes)).digest("hex");
}
