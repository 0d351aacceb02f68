import { armId } from "@holdfast/domain";
import { hasErrorCode, HoldfastError, MiB } from "@holdfast/kernel";
import type { ByteRange } from "@holdfast/kernel";
import type { ManagedSnapshot, PageSource } from "../ports/stamp.ts";
import { openUnderLedger } from "../workflow/run-ledger.ts";
import { callOptions, tagsOf } from "../workflow/workflow.ts";
import type { Finding, ProbeRun } from "./probe-run.ts";

/** Makes an empty disk and two snapshots of it, and lists what changed between them. */
export async function tryManagedDisk(
  run: ProbeRun,
): Promise<{ readonly incremental: Finding; readonly changedRanges: Finding }> {
  const { deps, ledger, resourceGroup, options } = run;
  const { stamp } = deps;
  const call = callOptions(options);
  const place = await run.openPlace();
  const tags = tagsOf(deps, ledger.runId);
  const name = `hf-probe-${run.shortId}`;
  const disk = await ledger.make("disk", armId(place, "Microsoft.Compute/disks", name), () =>
    stamp.createEmptyDisk({ name, resourceGroup, sku: "Standard_LRS", sizeGiB: 1, tags }, call),
  );
  const snapshot = async (suffix: string): Promise<ManagedSnapshot> => {
    const wanted = { diskId: disk.id, name: `${name}-${suffix}`, resourceGroup, isIncremental: true, tags };
    return await ledger.make("snapshot", armId(place, "Microsoft.Compute/snapshots", wanted.name), () =>
      stamp.createSnapshot(wanted, call),
    );
  };
  const older = await snapshot("a");
  const newer = await snapshot("b");
  const isIncremental = older.isIncremental && newer.isIncremental;
  const finding = isIncremental ? "asked for and read back" : "asked for, and the stamp made full ones";
  const incremental: Finding = { state: isIncremental ? "yes" : "no", finding, provenance: "probed" };
  try {
    await using from = await openUnderLedger(ledger, older.id, () => stamp.openSnapshot(older.id, call));
    await using to = await openUnderLedger(ledger, newer.id, () => stamp.openSnapshot(newer.id, call));
    return { incremental, changedRanges: await tryChanges(to.source, from.source, run) };
  } catch (error) {
    options.signal?.throwIfAborted();
    const reason = error instanceof Error ? error.message : String(error);
    return { incremental, changedRanges: { state: "unknown", finding: reason, provenance: "probed" } };
  }
}

async function tryChanges(newer: PageSource, older: PageSource, run: ProbeRun): Promise<Finding> {
  try {
    let count = 0;
    for await (const _change of newer.listChanged(older, callOptions(run.options))) count += 1;
    return { state: "yes", finding: `listed between two snapshots: ${count} ranges`, provenance: "probed" };
  } catch (error) {
    if (!hasErrorCode(error, "stackhub.blob.changes-refused")) throw error;
    return { state: "no", finding: (error as Error).message, provenance: "probed" };
  }
}

/** Writes one 512-byte page between two snapshots of a blob: the range that then changed is the granularity. */
export async function tryPageBlob(
  run: ProbeRun,
): Promise<{ readonly changedRanges: Finding; readonly granularity: Finding }> {
  const { deps, ledger, resourceGroup, options } = run;
  const { stamp } = deps;
  const call = callOptions(options);
  const place = await run.openPlace();
  // Of this run alone, unlike that of restores: it is deleted with all in it.
  const accountName = `hfprobe${run.shortId}`;
  const staging = { resourceGroup, accountName, container: "holdfast-staging", tags: tagsOf(deps, ledger.runId) };
  const accountId = armId(place, "Microsoft.Storage/storageAccounts", accountName);
  const { containerUri } = await ledger.make("storage-account", accountId, () => stamp.ensureStaging(staging, call));
  const blobName = `hf-probe-${run.shortId}.vhd`;
  // Deleting the blob deletes its snapshots too, so its entry stands for them.
  const sink = await ledger.make("staging-blob", `${containerUri}/${blobName}`, () =>
    stamp.createPageBlob(containerUri, blobName, MiB, call),
  );
  const older = await stamp.createBlobSnapshot(sink.uri, call);
  await sink.write(0, new Uint8Array(512).fill(1), call);
  const newer = await stamp.createBlobSnapshot(sink.uri, call);
  await using from = await openBlob(run, older.uri);
  await using to = await openBlob(run, newer.uri);
  const changed: ByteRange[] = [];
  try {
    for await (const { range } of to.listChanged(from, call)) changed.push(range);
  } catch (error) {
    if (!hasErrorCode(error, "stackhub.blob.changes-refused")) throw error;
    const no: Finding = { state: "no", finding: (error as Error).message, provenance: "probed" };
    return { changedRanges: no, granularity: { ...no, state: "unknown" } };
  }
  const [first] = changed;
  if (first === undefined || first.start !== 0) {
    const finding = "a page was written between two snapshots, and the stamp did not list it";
    const no: Finding = { state: "no", finding, provenance: "measured" };
    return { changedRanges: no, granularity: { ...no, state: "unknown" } };
  }
  return {
    changedRanges: { state: "yes", finding: "a written page was listed", provenance: "measured" },
    granularity: { state: "yes", finding: `${first.end - first.start} bytes`, provenance: "measured" },
  };
}

async function openBlob(run: ProbeRun, uri: string): Promise<PageSource & AsyncDisposable> {
  const source = await run.deps.stamp.openBlobSnapshot(uri, callOptions(run.options));
  if (source !== null) return source;
  throw new HoldfastError({
    code: "engine.probe.snapshot-vanished",
    message: "a blob snapshot that the probe just made is not there",
    advice: "Run the probe again.",
  });
}
