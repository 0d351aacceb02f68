import fc from "fast-check";
import { expect, test } from "vitest";
import { createWorld, digestLiveDisks, digestPoint, fakePageBytes } from "../testing/index.ts";
import { runJanitor } from "../workflow/janitor.ts";
import { backupVm } from "./backup-vm.ts";

// Few pages, so that steps meet each other.
const pageCount = 6;
const anyStep = fc.oneof(
  fc.record({ kind: fc.constant("write" as const), disk: fc.nat(1), page: fc.nat(pageCount - 1), fill: fc.nat(255) }),
  fc.record({ kind: fc.constant("clear" as const), disk: fc.nat(1), page: fc.nat(pageCount - 1) }),
  fc.record({ kind: fc.constant("capture" as const), forceFull: fc.boolean() }),
  fc.record({ kind: fc.constant("janitor" as const) }),
  fc.record({ kind: fc.constant("lose-snapshots" as const) }),
);

test("every point holds the disks' bytes of its instant, whatever happened in between", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyStep, { maxLength: 25 }), fc.boolean(), async (steps, isUnmanaged) => {
      const { stamp, points, vm, deps } = createWorld({ isUnmanaged });
      const wanted = new Map<string, string[]>();
      for (const step of [...steps, { kind: "capture" as const, forceFull: false }]) {
        if (step.kind === "capture") {
          const point = await backupVm(deps, { vmId: vm.id, forceFull: step.forceFull });
          wanted.set(point.id, digestLiveDisks(stamp, vm));
        } else if (step.kind === "janitor") {
          await runJanitor(deps);
        } else if (step.kind === "lose-snapshots") {
          stamp.snapshots.clear();
          stamp.blobSnapshots.clear();
        } else {
          const start = step.page * fakePageBytes;
          const image = stamp.imageOf(vm.disks[step.disk]!);
          if (step.kind === "clear") image.clear({ start, end: start + fakePageBytes });
          else image.write(start, new Uint8Array(fakePageBytes).fill(step.fill));
        }
      }
      for (const point of await points.listPoints()) {
        expect(await digestPoint(points, point)).toEqual(wanted.get(point.id));
      }
      expect(stamp.access.size).toBe(0);
      expect(stamp.snapshots.size + stamp.blobSnapshots.size).toBe(2);
    }),
    { numRuns: 60 },
  );
});
