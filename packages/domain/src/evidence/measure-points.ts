import { MiB, formatInstant } from "@holdfast/kernel";
import type { PointDisk, RecoveryPoint } from "../recovery-point/recovery-point.ts";
import type { DiskLoad } from "../physics/application-load.ts";
import type { Figure } from "./figure.ts";

/** What the points of one VM tell of its next captures; null where they do not tell. */
export interface MeasuredVm {
  /** Of the newest point whose disks were all read in full. */
  readonly allocatedBytes: Figure | null;
  /** The same of each of its disks. */
  readonly disks: readonly DiskLoad[] | null;
  /** The mean over all captures whose base is still known. */
  readonly changedBytesPerSecond: Figure | null;
}

/** What the points of many VMs tell of captures in general; null where they do not tell. */
export interface MeasuredCaptures {
  /** Bytes read per second of one VM's capture. */
  readonly captureRate: Figure | null;
  /** Bytes stored for each byte read. */
  readonly storedRatio: Figure | null;
}

/** Captures that read less than this measure the waiting between calls, not the rate. */
const leastBytesForRate = 64 * MiB;

/** Measures one VM by its points, in any order. */
export function measureVm(points: readonly RecoveryPoint[]): MeasuredVm {
  const newestFirst = points.toSorted((a, b) => b.publishedAtMs - a.publishedAtMs);
  const full = newestFirst.find(
    ({ disks }) => disks.length > 0 && disks.every(({ readScope }) => readScope.kind === "full"),
  );
  const source = full === undefined ? "" : `full capture of ${formatInstant(full.publishedAtMs).slice(0, 10)}`;
  return {
    allocatedBytes: full === undefined ? null : measured(readBytes(full), source),
    disks:
      full?.disks.map(({ name, role, bytes }) => ({ name, role, allocatedBytes: measured(bytes.read, source) })) ??
      null,
    changedBytesPerSecond: measureChange(newestFirst),
  };
}

/** The sum over the disks that the newest point has; null where any of them has no capture with a known base. */
function measureChange(newestFirst: readonly RecoveryPoint[]): Figure | null {
  const [newest] = newestFirst;
  if (newest === undefined) return null;
  const byId = new Map(newestFirst.map((point) => [point.id, point]));
  let sum = 0;
  let captures = 0;
  for (const disk of newest.disks) {
    let [bytes, spanMs] = [0, 0];
    for (const point of newestFirst) {
      const own = sameDisk(point, disk);
      const scope = own?.readScope;
      if (own === undefined || scope?.kind !== "incremental") continue;
      const base = byId.get(scope.basePointId);
      const since = base === undefined ? undefined : sameDisk(base, disk);
      if (since === undefined || own.dataAtMs <= since.dataAtMs) continue;
      bytes += own.bytes.read;
      spanMs += own.dataAtMs - since.dataAtMs;
      captures += 1;
    }
    if (spanMs === 0) return null;
    sum += bytes / (spanMs / 1000);
  }
  return captures === 0 ? null : measured(sum, `${captures} captures of changes`);
}

function sameDisk({ disks }: RecoveryPoint, { sourceIdentity }: PointDisk): PointDisk | undefined {
  return disks.find((disk) => disk.sourceIdentity === sourceIdentity);
}

/** Measures rate and ratio over the points of any VMs. Copies of points that lie elsewhere measure nothing new. */
export function measureCaptures(points: readonly RecoveryPoint[]): MeasuredCaptures {
  const large = points.filter((point) => readBytes(point) >= leastBytesForRate);
  const tookMs = large.reduce((sum, point) => sum + captureMs(point), 0);
  const read = large.reduce((sum, point) => sum + readBytes(point), 0);
  const stored = large.flatMap(({ disks }) => disks).reduce((sum, { bytes }) => sum + bytes.stored, 0);
  const source = `${large.length} captures`;
  return {
    captureRate: tookMs > 0 ? measured(read / (tookMs / 1000), source) : null,
    storedRatio: read > 0 ? measured(stored / read, source) : null,
  };
}

function readBytes({ disks }: RecoveryPoint): number {
  return disks.reduce((sum, { bytes }) => sum + bytes.read, 0);
}

function captureMs({ phases }: RecoveryPoint): number {
  return phases.filter(({ phase }) => phase === "capture").reduce((sum, { durationMs }) => sum + durationMs, 0);
}

function measured(value: number, source: string): Figure {
  return { value, provenance: "measured", source };
}
