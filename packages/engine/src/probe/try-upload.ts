import { armId } from "@holdfast/domain";
import { hasErrorCode, MiB } from "@holdfast/kernel";
import type { ManagedDisk } from "../ports/stamp.ts";
import { openUnderLedger } from "../workflow/run-ledger.ts";
import { callOptions, tagsOf } from "../workflow/workflow.ts";
import type { Finding, ProbeRun } from "./probe-run.ts";

/** The smallest upload that the disks' contract takes, and the footer. */
const uploadBytes = 20 * MiB + 512;

/** Makes a disk that awaits an upload and writes one range to it. A stamp without uploads refuses such a disk. */
export async function tryDirectUpload(run: ProbeRun): Promise<Finding> {
  const { deps, ledger, options } = run;
  const { stamp } = deps;
  const call = callOptions(options);
  const place = await run.openPlace();
  const name = `hf-probe-upload-${run.shortId}`;
  const tags = tagsOf(deps, ledger.runId);
  const wanted = { name, ...place, sku: "Standard_LRS", contentBytes: uploadBytes, tags } as const;
  let disk: ManagedDisk;
  try {
    disk = await ledger.make("disk", armId(place, "Microsoft.Compute/disks", name), () =>
      stamp.createUploadDisk(wanted, call),
    );
  } catch (error) {
    const isRefused = ["stackhub.arm.refused", "stackhub.arm.unsupported"].some((code) => hasErrorCode(error, code));
    if (!isRefused) throw error;
    return { state: "no", finding: (error as Error).message, provenance: "probed" };
  }
  await using upload = await openUnderLedger(ledger, disk.id, () => stamp.openUpload(disk.id, uploadBytes, call));
  await upload.source.write(0, new Uint8Array(4096).fill(1), call);
  return { state: "yes", finding: "a disk that awaits an upload took a range", provenance: "probed" };
}
