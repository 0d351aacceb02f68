// The demo: a VM on an Azure Stack Hub is captured, changes, is captured again, is lost, and comes back.
//   npm run demo
import { join } from "node:path";
import type { RecoveryPoint } from "@holdfast/domain";
import { formatBytes } from "@holdfast/kernel";
import { hashView, volumeOfDisk, writeDifference } from "../support/guest-disk.ts";
import { importDisk, makeLandingZone, makeVm, uploadImage } from "../support/tenant-vm.ts";
import type { DemoGuest } from "./demo-guest.ts";
import { findDemoGuest, withChangedImage } from "./demo-guest.ts";
import type { GuestConsole } from "../support/guest-console.ts";
import { openGuestConsole } from "../support/guest-console.ts";
import type { Narrator } from "./narrator.ts";
import { createNarrator } from "./narrator.ts";
import type { Stage } from "./stage.ts";
import { openStage } from "./stage.ts";

const group = "hospital";
const account = "hospitaldata";
const bootTimeoutMs = 240_000;

interface Scene {
  readonly stage: Stage;
  readonly guest: DemoGuest;
  readonly tell: Narrator;
}

interface PlacedVm {
  readonly vmId: string;
  readonly diskId: string;
  readonly console: GuestConsole;
}

function consoleOf({ stage }: Scene, vmId: string): GuestConsole {
  const control = { url: stage.emulator.controlUrl, tokenFile: stage.emulator.controlTokenFile };
  return openGuestConsole(control, "east", vmId);
}

/** Runs a command as its user would, and shows what it prints. */
async function show({ stage, tell }: Scene, ...words: readonly string[]): Promise<void> {
  const shown = words.map((word) => (/[^\w@./:=*-]/.test(word) || word.includes("*") ? `'${word}'` : word));
  tell.say(`$ holdfast ${shown.join(" ").replaceAll(stage.folder, "…")}`);
  const result = await stage.holdfast.run(words);
  if (result.stdout.trim() !== "") tell.say(result.stdout.trimEnd().replaceAll(stage.folder, "…"));
  if (result.code !== 0) throw new Error(`holdfast ${words[0]} ended with ${result.code}:\n${result.stderr}`);
}

/** What the tenant had before Holdfast came: a VM with its disk. */
async function placeVm(scene: Scene): Promise<PlacedVm> {
  const { stage, guest, tell } = scene;
  const { tenant } = stage;
  await makeLandingZone(tenant, group, account);
  const where = { group, account, blob: "records-db.vhd" };
  const uploaded = await tell.time(
    "the VM's image uploaded",
    () => uploadImage(tenant, where, guest.image),
    (disk) => `${formatBytes(disk.writtenBytes)} of ${formatBytes(disk.sizeBytes)}`,
  );
  const diskId = await importDisk(tenant, where, "records-db-os", uploaded.uri);
  const vmId = await makeVm(tenant, {
    group,
    name: "records-db",
    osDisk: {
      name: "records-db-os",
      createOption: "Attach",
      osType: "Linux",
      caching: "ReadWrite",
      managedDisk: { id: diskId },
    },
    tags: { application: "records" },
  });
  return { vmId, diskId, console: consoleOf(scene, vmId) };
}

async function work({ stage, guest, tell }: Scene, vm: PlacedVm): Promise<void> {
  if (guest.kind === "real") {
    const tick = await vm.console.waitFor(/HOLDFAST-TICK (\d+)/, bootTimeoutMs);
    await vm.console.waitFor(/HOLDFAST-TICK (\d+)/, bootTimeoutMs);
    tell.say(`PostgreSQL in the guest goes on writing: row ${tick[1]} and more are committed.`);
    return;
  }
  const volume = volumeOfDisk(stage.east, stage.pages.get("east")!, vm.diskId);
  const written = await withChangedImage(guest.image, (changed) => writeDifference(volume, changed));
  const bytes = written.reduce((sum, range) => sum + range.end - range.start, 0);
  tell.say(`Files on the disk were removed, replaced and added: ${formatBytes(bytes)} changed.`);
}

async function backup(scene: Scene, phase: string): Promise<RecoveryPoint> {
  const { stage, tell } = scene;
  await tell.time(phase, () => show(scene, "backup", "records-db", "--running-snapshot"));
  const [point] = await stage.holdfast.json<RecoveryPoint[]>("points", "records-db");
  if (point === undefined) throw new Error("the backup left no recovery point");
  return point;
}

async function loseVm({ stage, tell }: Scene, vm: PlacedVm): Promise<void> {
  await stage.tenant.arm("DELETE", vm.vmId, "2020-06-01");
  await stage.tenant.arm("DELETE", vm.diskId, "2019-07-01");
  const gone = await stage.tenant.send("GET", vm.diskId, "2019-07-01");
  tell.say(`The VM and its disk were deleted; the stamp now answers ${gone.status} for the disk.`);
}

async function osDiskOf({ tenant }: Stage, vmId: string): Promise<string> {
  const vm = (await tenant.arm("GET", vmId, "2020-06-01")) as {
    readonly properties: {
      readonly storageProfile: { readonly osDisk: { readonly managedDisk: { readonly id: string } } };
    };
  };
  return vm.properties.storageProfile.osDisk.managedDisk.id;
}

/** Of what the guest sees of a disk: all but the footer. */
async function hashDisk(stage: Stage, diskId: string): Promise<string> {
  const volume = volumeOfDisk(stage.east, stage.pages.get("east")!, diskId);
  return hashView(volume, volume.sizeBytes - 512);
}

async function restore(scene: Scene, lastRow: number, lostHash: string): Promise<void> {
  const { stage, guest, tell } = scene;
  const words = [
    "restore",
    "vm",
    "records-db@latest",
    "--to",
    "east",
    "--name",
    "records-db",
    "--resource-group",
    group,
  ];
  await tell.time("restore to a new VM", () => show(scene, ...words, "--start", "--yes"));
  const vmId = `${stage.tenant.groupId(group)}/providers/Microsoft.Compute/virtualMachines/records-db`;
  if (guest.kind === "inert") {
    const diskId = await osDiskOf(stage, vmId);
    const found = await hashDisk(stage, diskId);
    if (found !== lostHash) throw new Error(`the restored disk has SHA-256 ${found}, the lost one had ${lostHash}`);
    tell.say(`The VM is there again, its disk equal to the lost one by SHA-256: ${found}.`);
    tell.say(`It does not boot here: ${guest.why}.`);
    return;
  }
  const console = consoleOf(scene, vmId);
  const rows = await tell.time("the restored guest boots", () => waitForRows(console));
  tell.say(rows[0]);
  const [last, isIntact] = [Number(rows[1]), rows[2] === "yes"];
  if (!isIntact || last < lastRow) throw new Error(`rows were lost: ${rows[0]}, but row ${lastRow} was committed`);
  tell.say(`Row ${lastRow} was committed before the second capture; all rows up to ${last} are there, in order.`);
}

async function waitForRows(console: GuestConsole): Promise<RegExpExecArray> {
  const pattern = /HOLDFAST-ROWS last=(\d+) .*intact=(\w+)/;
  return (await console.last(pattern)) ?? console.waitFor(pattern, bootTimeoutMs);
}

async function story(scene: Scene): Promise<void> {
  const { stage, guest, tell } = scene;
  const { east } = stage;
  tell.chapter("An Azure Stack Hub, and a VM that nobody protects");
  tell.say("Two emulated stamps, east and west, answer on loopback under a private certificate authority.");
  const vm = await placeVm(scene);
  if (guest.kind === "real") {
    await tell.time("the guest boots", () => vm.console.waitFor(/HOLDFAST-TICK (\d+)/, bootTimeoutMs));
    tell.say("A Debian boots on records-db; its PostgreSQL writes a row every 200 ms.");
  } else tell.say(`records-db has a real ext4 disk, but is inert: ${guest.why}.`);

  tell.chapter("Holdfast connects to the stamp and looks around");
  const connect = [
    "stamp",
    "add",
    "east",
    "--arm",
    `https://management.${east.domain}:${east.port}`,
    "--tenant",
    east.tenant,
  ];
  const trust = ["--client-id", east.clientId, "--secret-file", east.clientSecretFile, "--ca", east.caFile];
  await tell.time("connect", () => show(scene, ...connect, ...trust, "--resolve", `*.${east.domain}=127.0.0.1`));
  await tell.time("probe what the build can do", () => show(scene, "stamp", "probe", "east"));
  await tell.time("discover", () => show(scene, "discover", "east"));
  await show(scene, "vms");

  tell.chapter("An encrypted repository, with a recovery kit");
  await show(scene, "repo", "init", join(stage.folder, "repository"), "--recovery-kit", join(stage.folder, "kit.txt"));

  tell.chapter("The first capture reads what is allocated, the second what changed");
  const first = await backup(scene, "first capture");
  await work(scene, vm);
  const lastRow = guest.kind === "real" ? Number((await vm.console.last(/HOLDFAST-TICK (\d+)/))?.[1] ?? 0) : 0;
  const second = await backup(scene, "second capture");
  const readOf = (point: RecoveryPoint): number => point.disks.reduce((sum, disk) => sum + disk.bytes.read, 0);
  tell.say(`The second capture read ${formatBytes(readOf(second))}, the first ${formatBytes(readOf(first))}.`);
  if (second.disks.some((disk) => disk.readScope.kind !== "incremental"))
    throw new Error("the second capture was not incremental");

  tell.chapter("The VM is lost");
  const lostHash = await hashDisk(stage, vm.diskId);
  await loseVm(scene, vm);

  tell.chapter("It comes back");
  await show(scene, "points", "records-db");
  await tell.time("check of every stored byte", () => show(scene, "check"));
  await restore(scene, lastRow, lostHash);
}

const tell = createNarrator((line) => console.log(line));
console.log("Holdfast demo. Everything runs on this machine; nothing is left behind.");
console.log("Set-up: the guest's disk image (half a minute, once) ...");
const guest = await findDemoGuest();
await using stage = await openStage(guest.kind);
await story({ stage, guest, tell });
tell.finish();
