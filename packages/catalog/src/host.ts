import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/** Where a process runs, exactly enough to tell later whether it still does. */
export interface ProcessHolder {
  /** The machine: its id where it has one, else its name. */
  readonly machine: string;
  /** New at each start of the machine. */
  readonly bootId: string;
  /** The process id space: containers of one machine have their own. */
  readonly pidSpace: string;
  readonly pid: number;
  /** Start time of the process, so that a number given again is not taken for the old process. */
  readonly processStart: string;
}

/** What the catalog must know of the machine that it runs on. */
export interface Host {
  readonly self: ProcessHolder;
  /** Start time of a process of this machine and id space; null when there is none. */
  findProcessStart(pid: number): string | null;
}

function readFirst(read: () => string, otherwise: string): string {
  try {
    return read().trim();
  } catch (error) {
    // Not every system has /proc; the fallback is coarser, and liveness then rests on the lease or the bare number.
    if (error instanceof Error && "code" in error) return otherwise;
    throw error;
  }
}

function readProcessStart(pid: number): string | null {
  const stat = readFirst(() => readFileSync(`/proc/${pid}/stat`, "utf8"), "");
  if (stat === "") return null;
  // The second field is the command in brackets and may hold spaces and brackets itself: count from the last one.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  // A zombie has ended; only its parent has not looked yet.
  if (fields[0] === "Z" || fields[0] === "X") return null;
  return fields[19] ?? null;
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** The real machine, by /proc on Linux; elsewhere a process is told by its number alone. */
export function createSystemHost(): Host {
  const hasProc = readProcessStart(process.pid) !== null;
  const findProcessStart = (pid: number): string | null =>
    hasProc ? readProcessStart(pid) : isRunning(pid) ? "unknown" : null;
  return {
    findProcessStart,
    self: {
      machine: readFirst(() => readFileSync("/etc/machine-id", "utf8"), "") || hostname(),
      bootId: readFirst(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8"), "unknown"),
      pidSpace: readFirst(() => readlinkSync("/proc/self/ns/pid"), hostname()),
      pid: process.pid,
      processStart: findProcessStart(process.pid) ?? "unknown",
    },
  };
}
