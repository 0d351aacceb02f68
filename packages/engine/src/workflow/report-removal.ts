import type { Removal } from "./remove-entries.ts";
import type { WorkflowOptions } from "./workflow.ts";

/** Tells the user what a clean-up could not remove. It stays in the ledger, and the next janitor tries again. */
export function reportRemoval(removal: Removal, options: WorkflowOptions): void {
  for (const { entry, error } of removal.failures) {
    const message = `${entry.kind} ${entry.objectId} stays for the janitor: ${String(error)}`;
    options.onProgress?.({ phase: "clean", subject: entry.objectId, message, severity: "warning" });
  }
}
