import type { RecoveryPoint } from "@holdfast/domain";
import { Secret } from "@holdfast/kernel";
import { createFileBlobStore, openRepository } from "@holdfast/repository";
import { createSystemClock } from "../system-clock.ts";
import { createSystemRandom } from "../system-random.ts";
import { makeVm } from "./fake-services.ts";

/** Puts a point with one disk into a repository of files, as a backup would. */
export async function addTestPoint(
  folder: string,
  passphrase: string,
  point: { readonly id: string; readonly publishedAtMs: number; readonly disk: Uint8Array },
): Promise<void> {
  const random = createSystemRandom();
  const services = { random, clock: createSystemClock(), passphrase: new Secret(passphrase) };
  await using points = await openRepository(createFileBlobStore(folder, random), services);
  const { id, publishedAtMs, disk } = point;
  const { image } = await points.captureDisk({
    source: {
      sizeBytes: disk.length,
      read: async ({ start, end }) => Uint8Array.from(disk.subarray(start, end)),
    },
    ranges: [{ start: 0, end: disk.length }],
  });
  const recoveryPoint: RecoveryPoint = {
    id,
    stampName: "east",
    instance: makeVm("app", "web1", "running"),
    startedAtMs: publishedAtMs,
    publishedAtMs,
    consistency: "crash",
    wasRunning: true,
    disks: [
      {
        name: "web1-os",
        role: "os",
        lun: null,
        image,
        method: "full-snapshot",
        readScope: { kind: "full", reason: "first-capture" },
        dataAtMs: publishedAtMs,
        sourceIdentity: "unique-web1-os",
        snapshotRef: "",
        bytes: { listed: disk.length, read: disk.length, added: disk.length, stored: disk.length },
      },
    ],
    skewMs: 0,
    tornRisk: { isAtRisk: false, reasons: [] },
    phases: [],
  };
  await points.publishPoint(recoveryPoint);
}
