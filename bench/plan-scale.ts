// How long `holdfast plan` takes for very many VMs, as a process of its own, from start to exit:
//   node bench/plan-scale.ts [--vms 10000] [--stamps 15] [--applications 500] [--rounds 5]
// The first plan is of a file that protects every VM; the second of one that moves a tenth of the applications.
import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createSystemHost, openCatalog } from "@holdfast/catalog";
import type { VmConfiguration } from "@holdfast/domain";
import { GiB } from "@holdfast/kernel";
import { realClock } from "./real-clock.ts";
import { spreadOf } from "./statistics.ts";

const main = join(import.meta.dirname, "../apps/holdfast/src/main.ts");
const compileCache = join(import.meta.dirname, "../.holdfast/compile-cache");
/** `plan` answers it where something would change. */
const changedCode = 4;

const { values } = parseArgs({
  options: {
    vms: { type: "string", default: "10000" },
    stamps: { type: "string", default: "15" },
    applications: { type: "string", default: "500" },
    rounds: { type: "string", default: "5" },
  },
});
const [vmCount, stampCount, applicationCount, rounds] = [
  Number(values.vms),
  Number(values.stamps),
  Number(values.applications),
  Number(values.rounds),
];

function makeVm(i: number): VmConfiguration {
  const resourceGroup = `group-${i % 200}`;
  const prefix = `/subscriptions/s-1/resourceGroups/${resourceGroup}/providers/Microsoft.Compute`;
  const name = `vm-${i}`;
  const backing = { kind: "managed", diskId: `${prefix}/disks/${name}`, uniqueId: name, sku: "Standard_LRS" } as const;
  return {
    id: `${prefix}/virtualMachines/${name}`,
    vmId: `id-${i}`,
    name,
    subscriptionId: "s-1",
    resourceGroup,
    location: "east",
    sizeName: "Standard_DS2_v2",
    osType: "Linux",
    powerState: i % 3 === 0 ? "stopped" : "running",
    disks: [{ name, role: "os", lun: null, caching: "ReadWrite", sizeBytes: (30 + (i % 7) * 16) * GiB, backing }],
    nics: [],
    availabilitySetId: null,
    scaleSetId: null,
    tags: { application: `app-${i % applicationCount}` },
    licenseType: null,
    plan: null,
    bootDiagnosticsUri: null,
    extensions: [],
  };
}

/** Every application under `gold`, but each tenth under `tenth`. */
function policyText(tenth: "gold" | "silver"): string {
  const consent = "running-snapshots: { allowed-by: bench, why: bench }";
  const applications = Array.from({ length: applicationCount }, (_, i) => [
    `  app-${i}:`,
    "    owner: bench",
    `    select: [{ tag: application=app-${i} }]`,
    `    policy: ${i % 10 === 0 ? tenth : "gold"}`,
    "    rto: 2d",
    "    rpo: 3d",
  ]);
  return [
    "version: 1",
    "policies:",
    `  gold: { every: 6h, repository: main, keep: { last: 24, daily: 7, weekly: 5, monthly: 12 }, ${consent} }`,
    `  silver: { every: 1d, repository: main, keep: { daily: 7 }, windows: [{ from: "22:00", to: "06:00" }], ${consent} }`,
    "applications:",
    ...applications.flat(),
    "",
  ].join("\n");
}

async function run(folder: string, ...commandLine: readonly string[]) {
  const startedMs = performance.now();
  const child = spawn(process.execPath, ["--max-semi-space-size=8", main, ...commandLine, "--json"], {
    env: { ...process.env, HOLDFAST_HOME: folder, NODE_COMPILE_CACHE: compileCache },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [pieces, exitCode] = await Promise.all([
    child.stdout.toArray() as Promise<Buffer[]>,
    new Promise<number | null>((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", resolve);
    }),
  ]);
  const output = Buffer.concat(pieces).toString();
  if (exitCode !== 0 && exitCode !== changedCode)
    throw new Error(`holdfast ${commandLine.join(" ")} ended with ${exitCode}:\n${output.slice(-2000)}`);
  return { seconds: (performance.now() - startedMs) / 1000, output };
}

async function measure(what: string, folder: string, file: string): Promise<void> {
  const seconds: number[] = [];
  let changeCount = 0;
  for (let round = 0; round < rounds; round += 1) {
    const cost = await run(folder, "plan", "--file", file);
    seconds.push(cost.seconds);
    const plan = JSON.parse(cost.output) as { readonly vmCount: number; readonly changes: readonly unknown[] };
    if (plan.vmCount !== vmCount) throw new Error(`${plan.vmCount} VMs were planned`);
    changeCount = plan.changes.length;
  }
  const { median, min, max } = spreadOf(seconds);
  const [middle, least, most] = [median, min, max].map((figure) => figure.toFixed(2));
  console.log(`${what}: ${middle} s (${least} to ${most}), ${changeCount} changes`);
}

const folder = await mkdtemp(join(tmpdir(), "holdfast-plan-"));
try {
  {
    await using catalog = await openCatalog({
      file: join(folder, "catalog.db"),
      clock: realClock,
      host: createSystemHost(),
    });
    await catalog.saveRepository({ name: "main", id: "r-1", location: join(folder, "none"), isDefault: true });
    for (let stamp = 0; stamp < stampCount; stamp += 1) {
      const stampName = `stamp-${stamp}`;
      await catalog.saveStamp({
        name: stampName,
        armEndpoint: `https://management.${stampName}.example`,
        tenant: "adfs",
        clientId: "bench",
        credential: { kind: "secret-file", path: join(folder, "none") },
        caFile: null,
        subscriptionId: null,
        resolve: {},
      });
      const vms = Array.from({ length: vmCount }, (_, i) => i)
        .filter((i) => i % stampCount === stamp)
        .map(makeVm);
      await catalog.saveInventory({
        stampName,
        subscriptionId: "s-1",
        location: "east",
        takenAtMs: realClock.now(),
        vms,
        availabilitySets: [],
        scaleSets: [],
        loadBalancers: [],
      });
    }
  }
  const [first, second] = [join(folder, "first.yaml"), join(folder, "second.yaml")];
  await writeFile(first, policyText("gold"));
  await writeFile(second, policyText("silver"));
  console.log(`${vmCount} VMs in ${applicationCount} applications on ${stampCount} stamps, ${rounds} rounds`);
  await measure("plan of the first file", folder, first);
  await run(folder, "apply", "--file", first, "--yes");
  await measure("plan of a change", folder, second);
} finally {
  await rm(folder, { recursive: true, force: true });
}
