import { GiB } from "@holdfast/kernel";
import type { PointDisk, RecoveryPoint } from "../recovery-point/recovery-point.ts";
import { makeTestVm } from "./make-vm.ts";

/** A disk of a point: read in full, or what changed since the point that is named. */
export function makeTestPointDisk(
  dataAtMs: number,
  bytes: { readonly read: number; readonly stored: number },
  basePointId?: string,
): PointDisk {
  return {
    name: "os",
    role: "os",
    lun: null,
    image: { rootId: null, sizeBytes: 32 * GiB, chunkSizeBytes: 1024 ** 2 },
    method: "incremental-snapshot",
    readScope:
      basePointId === undefined ? { kind: "full", reason: "first-capture" } : { kind: "incremental", basePointId },
    dataAtMs,
    sourceIdentity: "unique-os",
    snapshotRef: "",
    bytes: { listed: bytes.read, read: bytes.read, added: bytes.stored, stored: bytes.stored },
  };
}

/** A point that was published a minute after its data, whose capture took ten seconds. */
export function makeTestPoint(
  id: string,
  disks: readonly PointDisk[],
  change: Partial<RecoveryPoint> = {},
): RecoveryPoint {
  const dataAtMs = Math.min(...disks.map((disk) => disk.dataAtMs));
  return {
    id,
    stampName: "east",
    instance: makeTestVm("web1"),
    startedAtMs: dataAtMs,
    publishedAtMs: dataAtMs + 60_000,
    consistency: "crash",
    wasRunning: false,
    disks,
    skewMs: 0,
    tornRisk: { isAtRisk: false, reasons: [] },
    phases: [{ phase: "capture", durationMs: 10_000 }],
    ...change,
  };
}
