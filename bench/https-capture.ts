import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { MiB, GiB, totalLength } from "@holdfast/kernel";
import { standardPlanes, startEmulator } from "@holdfast/emulator";
import { openHoldfastCli } from "../e2e/support/holdfast-cli.ts";
import { describeForClients } from "../e2e/support/start-stamp.ts";
import { connectTenant } from "../e2e/support/tenant.ts";
import type { Tenant } from "../e2e/support/tenant.ts";
import { importDisk, makeLandingZone, makeVm, uploadImage } from "../e2e/support/tenant-vm.ts";
import { readRanges } from "./images.ts";
import { measureCommand } from "./measure-command.ts";
import type { OwnWork } from "./own-work.ts";

const launcher = join(import.meta.dirname, "../apps/holdfast/bin/holdfast");
const group = "bench";

interface Point {
  readonly disks: readonly [{ readonly bytes: { readonly read: number } }];
  readonly phases: readonly { readonly phase: string; readonly durationMs: number }[];
}

/** A first full capture of a1 as the command does it, from an emulated stamp on this machine, all in. */
export const httpsCapture: OwnWork = {
  title: "first full capture of a1 over HTTPS, from an emulated stamp on the same cores",
  async run({ folder, images, rounds, say }) {
    await using emulator = await startEmulator({
      data: join(folder, "stamps"),
      stamps: [{ name: "east" }],
      planes: standardPlanes({ vms: "inert" }),
    });
    const stamp = describeForClients(emulator.stamp("east"));
    await placeVm(await connectTenant(stamp), images.a1);
    const wall: number[] = [];
    const rate: number[] = [];
    const cpu: number[] = [];
    const stampCpu: number[] = [];
    const peaks: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const home = join(folder, `home-${round}`);
      const passphraseFile = join(home, "passphrase");
      await mkdir(home);
      await writeFile(passphraseFile, "a passphrase for the bench\n", { mode: 0o600 });
      const holdfast = openHoldfastCli(home, passphraseFile);
      const secretFile = join(home, "secret");
      await writeFile(secretFile, stamp.secret, { mode: 0o600 });
      const arm = ["--arm", `https://management.${stamp.domain}:${stamp.port}`, "--tenant", stamp.tenant];
      const secret = ["--client-id", stamp.clientId, "--secret-file", secretFile, "--ca", stamp.caFile];
      await holdfast.json("stamp", "add", "east", ...arm, ...secret, "--resolve", `*.${stamp.domain}=127.0.0.1`);
      await holdfast.json("repo", "init", join(home, "repository"), "--recovery-kit", join(home, "kit.txt"));
      await holdfast.json("discover");
      const backup = ["backup", "alpha", "--stamp", "east", "--running-snapshot", "--json"];
      const environment = { HOLDFAST_HOME: home, HOLDFAST_PASSPHRASE_FILE: passphraseFile };
      const stampBefore = process.cpuUsage();
      const cost = await measureCommand({ file: launcher, arguments: backup, environment }, folder);
      const { user, system } = process.cpuUsage(stampBefore);
      stampCpu.push((user + system) / 1e6);
      const { disks, phases } = JSON.parse(cost.output) as Point;
      const captureMs = phases.find(({ phase }) => phase === "capture")!.durationMs;
      const asked = totalLength(await readRanges(images.a1Ranges));
      if (disks[0].bytes.read < asked / 2) throw new Error(`only ${disks[0].bytes.read} bytes were read`);
      const perSecond = disks[0].bytes.read / GiB / (captureMs / 1000);
      say(
        `round ${round + 1}/${rounds}  https       ${(captureMs / 1000).toFixed(2)} s, ${perSecond.toFixed(2)} GiB/s`,
      );
      wall.push(cost.wallSeconds);
      rate.push(perSecond);
      cpu.push(cost.userSeconds + cost.systemSeconds);
      peaks.push(cost.peakBytes / MiB);
    }
    return [
      { what: "bytes read in the capture, by its time", unit: "GiB/s", values: rate, goal: { atLeast: 1 } },
      { what: "the whole command, with the snapshot", unit: "s", values: wall },
      { what: "CPU of the command", unit: "s", values: cpu },
      { what: "CPU of the emulated stamp meanwhile", unit: "s", values: stampCpu },
      { what: "peak memory", unit: "MiB", values: peaks, goal: { atMost: 400 } },
    ];
  },
};

async function placeVm(tenant: Tenant, image: string): Promise<void> {
  const account = "benchdata";
  await makeLandingZone(tenant, group, account);
  const where = { group, account, blob: "alpha.vhd" };
  const { uri } = await uploadImage(tenant, where, image);
  const id = await importDisk(tenant, where, "alpha-os", uri);
  const osDisk = { name: "alpha-os", createOption: "Attach", osType: "Linux", managedDisk: { id } };
  await makeVm(tenant, { group, name: "alpha", osDisk });
}
