import type { DiskImage, RecoveryPoint } from "@holdfast/domain";
import { diskOf } from "./keyed-repository.ts";
import type { TestPoints } from "./keyed-repository.ts";
import { bytesOf, diskFrom } from "./small-disks.ts";

/** A disk whose chunks have these values, as a capture of all of it and as a point. */
export function makeTestPoint(values: readonly number[]) {
  const bytes = bytesOf({ values });
  return {
    capture: { source: diskOf(bytes), ranges: [{ start: 0, end: bytes.length }] },
    point: (id: string, image: DiskImage): RecoveryPoint => {
      const disks = [{ image, bytes: { stored: bytes.length } }];
      return { id, stampName: "east", instance: { id: "vm1" }, publishedAtMs: 1, disks } as unknown as RecoveryPoint;
    },
  };
}

export async function publishDisk(points: TestPoints, id: string, values: readonly number[]): Promise<DiskImage> {
  const made = makeTestPoint(values);
  const { image } = await points.captureDisk(made.capture);
  await points.publishPoint(made.point(id, image));
  return image;
}

/** The values of the chunks of a point's disk; null where there is no such point that is good. */
export async function readPoint(points: TestPoints, id: string): Promise<readonly number[] | null> {
  const point = await points.findPoint(id);
  if (point === null) return null;
  const { image } = point.disks[0]!;
  const read = await (await points.openDisk(image)).read({ start: 0, end: image.sizeBytes });
  return diskFrom(read)?.values ?? null;
}
