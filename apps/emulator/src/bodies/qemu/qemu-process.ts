import { spawn, type ChildProcess } from "node:child_process";
import { MonitorClosedError, QmpClient } from "./qmp-client.ts";
import type { Sleeper } from "../system-sleeper.ts";

/** The last of what QEMU says on its error stream, for the message of a start that failed. */
const keptErrorBytes = 4096;

/** How often a monitor that does not listen yet is tried again. */
const connectPauseMs = 20;

export interface QemuProcess {
  readonly pid: number;
  readonly monitor: QmpClient;
  /** Settles when the process is gone, for whatever reason. */
  readonly exited: Promise<void>;
  /** Pulls the plug: no chance for the guest to write anything more. Settles when the process is gone. */
  kill(): Promise<void>;
}

/**
 * Starts QEMU so that it dies with this process, even by kill -9, and waits until its monitor answers. Rejects with
 * what QEMU said where it ends before that.
 */
export async function startQemu(
  qemu: string,
  commandArguments: readonly string[],
  places: { readonly qmpSocket: string },
  clock: Sleeper,
): Promise<QemuProcess> {
  // A group of its own keeps Ctrl-C at the emulator from the guests, which the emulator ends itself.
  const child = spawn("setpriv", ["--pdeathsig", "KILL", qemu, ...commandArguments], {
    stdio: ["ignore", "ignore", "pipe"],
    detached: true,
  });
  let said = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (said = (said + text).slice(-keptErrorBytes)));
  const ended = watchEnd(child);
  const kill = async (): Promise<void> => {
    if (!ended.isOver() && child.pid !== undefined) signalGroup(child.pid);
    await ended.promise;
  };
  try {
    while (!ended.isOver()) {
      const monitor = await tryMonitor(places.qmpSocket);
      if (monitor !== undefined && child.pid !== undefined) {
        return { pid: child.pid, monitor, exited: ended.promise, kill };
      }
      await clock.sleep(connectPauseMs);
    }
  } catch (error) {
    await kill();
    throw error;
  }
  throw new Error(`QEMU ended at its start: ${ended.failure()?.message ?? said.trim()}`);
}

function watchEnd(child: ChildProcess): {
  readonly promise: Promise<void>;
  isOver(): boolean;
  failure(): Error | undefined;
} {
  let isOver = false;
  let failure: Error | undefined;
  const promise = new Promise<void>((resolve) => {
    const finish = (error?: Error): void => {
      isOver = true;
      failure = error;
      resolve();
    };
    child.once("error", finish);
    child.once("close", () => finish());
  });
  return { promise, isOver: () => isOver, failure: () => failure };
}

function signalGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error) {
    // Gone in the meantime: what was asked for.
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

async function tryMonitor(path: string): Promise<QmpClient | undefined> {
  try {
    return await QmpClient.open(path);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    // Not there yet, or gone again: a QEMU that ends at its start takes its monitor down in the middle of the greeting.
    const isAway = code === "ENOENT" || code === "ECONNREFUSED" || code === "ECONNRESET" || code === "EPIPE";
    if (isAway || error instanceof MonitorClosedError) return undefined;
    throw error;
  }
}
