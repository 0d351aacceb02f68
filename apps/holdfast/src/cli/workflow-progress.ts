import type { ProgressEvent } from "@holdfast/engine";
import type { Output } from "./output.ts";
import type { Progress } from "./progress.ts";

/** Shows what a workflow says: sentences as notes, bytes and waits on the progress line. */
export function showWorkflow(output: Output, progress: Progress): (event: ProgressEvent) => void {
  let shownPhase = "";
  return (event) => {
    if (event.message !== undefined) {
      output.note(`${event.severity === "warning" ? "warning: " : ""}${event.message}`);
      return;
    }
    const title = event.subject === undefined ? event.phase : `${event.phase} ${event.subject}`;
    if (title !== shownPhase) {
      shownPhase = title;
      progress.phase(title);
    }
    if (event.doneBytes !== undefined && event.totalBytes !== undefined) {
      progress.advance(event.doneBytes, event.totalBytes);
    } else if (event.waitedMs !== undefined) {
      progress.waiting(event.waitedMs);
    }
  };
}
