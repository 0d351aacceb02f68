import type { Capability, StampProbe } from "@holdfast/domain";
import { createRunLedger } from "../workflow/run-ledger.ts";
import { reportRemoval } from "../workflow/report-removal.ts";
import { callOptions } from "../workflow/workflow.ts";
import type { StampDeps, WorkflowOptions } from "../workflow/workflow.ts";
import { createProbeRun } from "./probe-run.ts";
import type { Finding, ProbeRun } from "./probe-run.ts";
import { tryDirectUpload } from "./try-upload.ts";
import { tryManagedDisk, tryPageBlob } from "./try-snapshots.ts";

export interface ProbeInput {
  /** Where the probe makes its disks and its blob. Made where it is missing, and then removed again. */
  readonly resourceGroup?: string;
}

/**
 * Finds what a stamp really does by asking it and by trying it on disks and a small blob of its own, which are in the
 * ledger and are removed, as are the group and the storage account that it had to make. What could not be found is `unknown` with its reason; only an abort ends the probe.
 */
export async function probeStamp(
  deps: StampDeps & { readonly owner?: string },
  input: ProbeInput = {},
  options: WorkflowOptions = {},
): Promise<StampProbe> {
  const { stamp, records, clock, random } = deps;
  const runId = random.uuid();
  await using _alive = await records.beginRun({ runId, kind: "probe", subject: `${stamp.name}/probe` });
  const ledger = createRunLedger(deps, runId);
  const run = createProbeRun({ deps, ledger, options, resourceGroup: input.resourceGroup ?? "holdfast-probe" });
  const capabilities: Capability[] = [];
  const find = async (name: Capability["name"], look: () => Promise<Finding>): Promise<void> => {
    options.signal?.throwIfAborted();
    options.onProgress?.({ phase: "probe", subject: name });
    capabilities.push({ name, ...(await orUnknown(look, options)) });
  };
  try {
    await askStamp(run, find);
    const managed = tryOnce(() => tryManagedDisk(run));
    await find("incremental-snapshots", async () => (await managed()).incremental);
    await find("changed-ranges", async () => (await managed()).changedRanges);
    const blob = tryOnce(() => tryPageBlob(run));
    await find("blob-changed-ranges", async () => (await blob()).changedRanges);
    await find("page-granularity", async () => (await blob()).granularity);
    await find("direct-upload", () => tryDirectUpload(run));
    await find("running-snapshots", async () => untried("not tried: it would touch a VM that somebody uses"));
    const probe: StampProbe = { stampName: stamp.name, probedAtMs: clock.now(), capabilities };
    await records.saveProbe(probe);
    return probe;
  } finally {
    reportRemoval(await ledger.releaseAll(), options);
  }
}

async function askStamp(
  run: ProbeRun,
  find: (name: Capability["name"], look: () => Promise<Finding>) => Promise<void>,
): Promise<void> {
  const { stamp } = run.deps;
  const call = callOptions(run.options);
  const describe = tryOnce(() => stamp.describe(call));
  await find("identity", async () => probed((await describe()).identityProvider));
  await find("api-versions", async () => {
    const types = Object.entries((await describe()).apiVersions);
    const versions = types.map(([type, offered]) => `${type} ${offered.toSorted().at(-1) ?? "none"}`);
    return probed(versions.join(", "));
  });
  await find("clock-skew", async () => ({
    ...probed(`${(await describe()).clockSkewMs} ms`),
    provenance: "measured",
  }));
  await find("vm-sizes", async () => probed(`${(await stamp.listVmSizes(call)).length} sizes`));
  await find("quota", async () => {
    const usages = await stamp.listUsages(call);
    return probed(usages.map(({ name, current, limit }) => `${name} ${current}/${limit}`).join(", "));
  });
}

/** One attempt, whose result or failure all that ask for it share. */
function tryOnce<T>(act: () => Promise<T>): () => Promise<T> {
  let outcome: Promise<T> | undefined;
  return () => (outcome ??= act());
}

/** The stamp's failure is the finding; an abort is the user's and ends the probe. */
async function orUnknown(look: () => Promise<Finding>, options: WorkflowOptions): Promise<Finding> {
  try {
    return await look();
  } catch (error) {
    options.signal?.throwIfAborted();
    return { state: "unknown", finding: error instanceof Error ? error.message : String(error), provenance: "probed" };
  }
}

function probed(finding: string): Finding {
  return { state: "yes", finding, provenance: "probed" };
}

function untried(finding: string): Finding {
  return { state: "unknown", finding, provenance: "assumed" };
}
