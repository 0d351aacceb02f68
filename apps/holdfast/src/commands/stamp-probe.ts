import { probeStamp } from "@holdfast/engine";
import type { CommandHandler } from "../cli/context.ts";
import { formatTable } from "../cli/table.ts";
import { showWorkflow } from "../cli/workflow-progress.ts";
import { findStampNamed } from "./stamp-list.ts";
import { openStamp } from "./stamp-session.ts";

/** Probes a stamp by asking and by trying; the engine keeps what was found. */
export const runStampProbe: CommandHandler<{ readonly name: string; readonly resourceGroup?: string }> = async (
  { name, resourceGroup },
  context,
) => {
  const { output, services, signal } = context;
  await using catalog = await services.openCatalog();
  const record = await findStampNamed(catalog, name);
  await using session = await openStamp(catalog, record, context);
  using progress = output.startProgress();
  const options = { signal, onProgress: showWorkflow(output, progress) };
  const probe = await probeStamp(session.deps, resourceGroup === undefined ? {} : { resourceGroup }, options);
  output.result(probe, () =>
    formatTable(
      ["CAPABILITY", "STATE", "HOW KNOWN", "FINDING"],
      probe.capabilities.map(({ name: capability, state, provenance, finding }) => [
        capability,
        state,
        provenance,
        shorten(finding),
      ]),
    ),
  );
};

/** The list of all versions would fill the screen; JSON has it whole. */
function shorten(finding: string): string {
  const longest = 120;
  return finding.length <= longest ? finding : `${finding.slice(0, longest)}… (whole with --json)`;
}
