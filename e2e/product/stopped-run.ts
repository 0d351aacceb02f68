import { spawn } from "node:child_process";
import { join } from "node:path";
import type { RunningStamp } from "@holdfast/emulator";
import type { ProductStage } from "./product-stage.ts";

const launcher = join(import.meta.dirname, "../../apps/holdfast/bin/holdfast");

/** Tells of each call that a stamp is about to serve: `METHOD host/path?query`. Answers the undoing. */
export function watchCalls({ faults }: RunningStamp, onCall: (subject: string) => void): () => void {
  const { peek } = faults;
  // The gate asks for throttles once per call, on both planes.
  faults.peek = (kind, subject) => {
    if (kind === "throttle" && subject !== undefined) onCall(subject);
    return peek(kind, subject);
  };
  return () => void (faults.peek = peek);
}

export interface StoppedRun {
  /** Null where the signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  /** Calls that fitted the pattern before the end. */
  readonly calls: number;
}

/** Runs the command and sends a signal when the stamp sees the n-th call that fits. */
export async function runAndSignal(
  stage: ProductStage,
  words: readonly string[],
  stop: { readonly stamp: string; readonly signal: NodeJS.Signals; readonly call: number; readonly pattern?: RegExp },
): Promise<StoppedRun> {
  const home = join(stage.folder, "home");
  const env = { ...process.env, HOLDFAST_HOME: home, HOLDFAST_PASSPHRASE_FILE: stage.passphraseFile };
  const child = spawn(launcher, words, { env, stdio: ["ignore", "pipe", "ignore"] });
  let calls = 0;
  let stdout = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  const unwatch = watchCalls(stage.stamp(stop.stamp), (subject) => {
    if (stop.pattern !== undefined && !stop.pattern.test(subject)) return;
    calls += 1;
    if (calls === stop.call) child.kill(stop.signal);
  });
  try {
    return await new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code) => resolve({ code, stdout, calls }));
    });
  } finally {
    unwatch();
  }
}
