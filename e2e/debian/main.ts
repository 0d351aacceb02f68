// The main job on real machine images, by the command as a user runs it:
//   npm run e2e:debian
// A VM of stamp east has a Debian disk in state a1. It is captured, its running VM's disk becomes a2, it is captured
// again, and restored to a new VM of stamp west, whose disk must be a2 to the bit and boot. VMs are inert while bytes
// are compared, since a guest that boots writes; then the stamps are started again with real ones.
import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { RecoveryPoint } from "@holdfast/domain";
import { alignRanges, formatBytes, totalLength, uniteRanges } from "@holdfast/kernel";
import type { RunningStamp } from "@holdfast/emulator";
import { openGuestConsole } from "../support/guest-console.ts";
import { hashView, volumeOfDisk } from "../support/guest-disk.ts";
import { openHoldfastCli, type HoldfastCli } from "../support/holdfast-cli.ts";
import { describeForClients } from "../support/start-stamp.ts";
import { connectTenant, type Tenant } from "../support/tenant.ts";
import { importDisk, makeLandingZone, makeVm, subnetId, uploadImage } from "../support/tenant-vm.ts";
import { findDataset, hashFile, type Dataset } from "./dataset.ts";
import { writeRanges } from "./guest-writes.ts";
import { createPhaseTable } from "./phase-table.ts";
import { startDebianStamps, type DebianStamps } from "./stamps.ts";

const group = "hospital";
const chunkBytes = 256 * 1024;
const vhdFooterBytes = 512;
const bootTimeoutMs = 240_000;
const table = createPhaseTable((line) => console.log(line));

interface Run {
  readonly folder: string;
  readonly dataset: Dataset;
  readonly stamps: DebianStamps;
  readonly holdfast: HoldfastCli;
}

function claim(isTrue: boolean, what: string): void {
  if (!isTrue) throw new Error(`not so: ${what}`);
  console.log(`  ${what}`);
}

function claimSameHash(what: string, found: string, expected: string): void {
  if (found !== expected) throw new Error(`${what} differs from a2: its SHA-256 is ${found}, that of a2 ${expected}`);
  console.log(`  ${what} is a2 to the bit: SHA-256 ${found}`);
}

/** What the tenant had before Holdfast came. Answers the ARM id of the VM's disk. */
async function placeVm(tenant: Tenant, dataset: Dataset): Promise<string> {
  const account = "eastdata";
  await makeLandingZone(tenant, group, account);
  const where = { group, account, blob: "alpha.vhd" };
  const uploaded = await table.time(
    "a1 uploaded to east",
    () => uploadImage(tenant, where, dataset.before),
    (disk) => disk.writtenBytes,
  );
  const diskId = await table.time("imported as a disk", () => importDisk(tenant, where, "alpha-os", uploaded.uri));
  await makeVm(tenant, {
    group,
    name: "alpha",
    osDisk: {
      name: "alpha-os",
      createOption: "Attach",
      osType: "Linux",
      caching: "ReadWrite",
      managedDisk: { id: diskId },
    },
    tags: { application: "records" },
  });
  return diskId;
}

async function addStamp(holdfast: HoldfastCli, stamp: RunningStamp): Promise<void> {
  const arm = ["--arm", `https://management.${stamp.domain}:${stamp.port}`, "--tenant", stamp.tenant];
  const secret = ["--client-id", stamp.clientId, "--secret-file", stamp.clientSecretFile, "--ca", stamp.caFile];
  await holdfast.json("stamp", "add", stamp.name, ...arm, ...secret, "--resolve", `*.${stamp.domain}=127.0.0.1`);
}

async function prepareHoldfast({ holdfast, stamps, folder }: Run): Promise<void> {
  await table.time("stamp add, east and west", async () => {
    await addStamp(holdfast, stamps.east);
    await addStamp(holdfast, stamps.west);
  });
  await table.time("repo init", () =>
    holdfast.json("repo", "init", join(folder, "repository"), "--recovery-kit", join(folder, "kit.txt")),
  );
  await table.time("discover", () => holdfast.json("discover"));
}

async function backup(run: Run, phase: string): Promise<RecoveryPoint["disks"][number]> {
  const point = await table.time(
    phase,
    () => run.holdfast.json<RecoveryPoint>("backup", "alpha", "--stamp", "east", "--running-snapshot"),
    ({ disks }) => disks[0]?.bytes.read ?? 0,
  );
  const [disk] = point.disks;
  if (disk === undefined) throw new Error(`${phase}: the recovery point has no disk`);
  const { listed, read, added, stored } = disk.bytes;
  const figures = Object.entries({ listed, read, added, stored }).map(
    ([name, n]) => `${name} ${formatBytes(n)} (${n})`,
  );
  console.log(`  ${figures.join(", ")}`);
  console.log(`  ${point.phases.map((each) => `${each.phase} ${(each.durationMs / 1000).toFixed(1)} s`).join(", ")}`);
  return disk;
}

/** Makes a1 into a2 in the disk of the running VM, and shows that the second capture cost no more than that. */
async function captureBoth(run: Run, diskId: string): Promise<void> {
  const { dataset, stamps } = run;
  const first = await backup(run, "first capture");
  claim(first.readScope.kind === "full", "the first capture is full");
  const volume = volumeOfDisk(stamps.east, stamps.pagesOf(stamps.east), diskId);
  const changedBytes = totalLength(dataset.changed);
  await table.time(
    "a2's changed blocks into the VM's disk",
    () => writeRanges(volume, dataset.after, dataset.changed),
    () => changedBytes,
  );
  const second = await backup(run, "second capture");
  claim(second.readScope.kind === "incremental", "the second capture is incremental");
  const rounded = totalLength(alignRanges(dataset.changed, chunkBytes, dataset.sizeBytes));
  const { listed, read } = second.bytes;
  console.log(`  changed ${formatBytes(changedBytes)} in ${dataset.changed.length} ranges, ${rounded} in whole chunks`);
  claim(listed === changedBytes, `the stamp listed ${listed} changed bytes, as many as were written`);
  claim(
    read <= rounded,
    `the second capture read ${read} bytes, at most the ${rounded} of the changes in whole chunks`,
  );
}

interface ShownVm {
  readonly properties: {
    readonly storageProfile: { readonly osDisk: { readonly managedDisk: { readonly id: string } } };
  };
}

/** Restores to a stamp that has never seen the VM. Answers the ARM id of the new one. */
async function restoreToWest({ holdfast, stamps, dataset }: Run, expected: string): Promise<string> {
  const { west } = stamps;
  const tenant = await connectTenant(describeForClients(west));
  await makeLandingZone(tenant, group, "westdata", "10.1");
  const place = [
    "--to",
    "west",
    "--name",
    "alpha-back",
    "--resource-group",
    group,
    "--subnet",
    subnetId(tenant, group),
  ];
  await table.time(
    "restore vm to west",
    () => holdfast.json("restore", "vm", "alpha@latest", ...place, "--start", "--yes"),
    () => totalLength(uniteRanges(dataset.allocated, dataset.changed)),
  );
  const vmId = `${tenant.groupId(group)}/providers/Microsoft.Compute/virtualMachines/alpha-back`;
  const vm = (await tenant.arm("GET", vmId, "2020-06-01")) as ShownVm;
  const volume = volumeOfDisk(west, stamps.pagesOf(west), vm.properties.storageProfile.osDisk.managedDisk.id);
  const guestBytes = volume.sizeBytes - vhdFooterBytes;
  claim(guestBytes === dataset.sizeBytes, `the restored disk has ${guestBytes} bytes, as a2 has`);
  const found = await table.time(
    "SHA-256 of the restored disk",
    () => hashView(volume, guestBytes),
    () => guestBytes,
  );
  claimSameHash("the restored disk", found, expected);
  return vmId;
}

async function exportRaw({ holdfast, folder, dataset }: Run, expected: string): Promise<void> {
  const to = join(folder, "alpha.raw");
  await table.time(
    "export to raw",
    () => holdfast.json("export", "alpha@latest", "--to", to),
    () => dataset.sizeBytes,
  );
  const found = await table.time("SHA-256 of the exported file", () => hashFile(to, dataset.sizeBytes));
  claimSameHash("the exported file", found, expected);
  await rm(to);
}

async function bootOnWest(folder: string, vmId: string): Promise<void> {
  await using stamps = await startDebianStamps(folder, "real");
  const control = { url: stamps.emulator.controlUrl, tokenFile: stamps.emulator.controlTokenFile };
  const guest = openGuestConsole(control, "west", vmId);
  const pattern = /BOOT-OK.*/;
  const line = await table.time(
    "the restored VM boots to its marker",
    async () => (await guest.last(pattern)) ?? (await guest.waitFor(pattern, bootTimeoutMs)),
  );
  claim(true, `it boots: ${line[0].trim()}`);
}

interface CheckReport {
  readonly pointCount: number;
  readonly chunkCount: number;
  readonly readBytes: number;
  readonly findings: readonly unknown[];
}

async function checkRepository({ holdfast }: Run): Promise<void> {
  const report = await table.time(
    "check",
    () => holdfast.json<CheckReport>("check"),
    ({ readBytes }) => readBytes,
  );
  const { pointCount, chunkCount, readBytes, findings } = report;
  claim(pointCount === 2 && findings.length === 0, "the check finds both points, and no damage");
  // The disk ends with a whole chunk, so that no chunk is shorter than the others.
  const expectedBytes = chunkCount * chunkBytes;
  claim(
    readBytes === expectedBytes,
    `the check read ${readBytes} of the ${expectedBytes} bytes in ${chunkCount} chunks`,
  );
}

/** All that needs the command. Answers the ARM id of the restored VM. */
async function protectAndRestore(folder: string, dataset: Dataset): Promise<string> {
  await using stamps = await startDebianStamps(folder, "inert");
  const passphraseFile = join(folder, "passphrase");
  await writeFile(passphraseFile, randomBytes(18).toString("base64url"), { mode: 0o600 });
  const run: Run = { folder, dataset, stamps, holdfast: openHoldfastCli(join(folder, "home"), passphraseFile) };
  const diskId = await placeVm(await connectTenant(describeForClients(stamps.east)), dataset);
  await prepareHoldfast(run);
  await captureBoth(run, diskId);
  await checkRepository(run);
  const expected = await table.time("SHA-256 of a2", () => hashFile(dataset.after, dataset.sizeBytes));
  const vmId = await restoreToWest(run, expected);
  await exportRaw(run, expected);
  return vmId;
}

async function story(): Promise<void> {
  const dataset = await findDataset((line) => console.log(line));
  const parent = join(import.meta.dirname, "../../.holdfast");
  await mkdir(parent, { recursive: true });
  const folder = await mkdtemp(join(parent, "debian-"));
  try {
    await bootOnWest(folder, await protectAndRestore(folder, dataset));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

try {
  await story();
  table.print();
} catch (error) {
  console.error(`e2e:debian failed: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
