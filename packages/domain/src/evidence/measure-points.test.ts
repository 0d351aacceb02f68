import { GiB, MiB } from "@holdfast/kernel";
import { expect, test } from "vitest";
import { makeTestPoint, makeTestPointDisk } from "../testing/make-point.ts";
import { reckonFigure, worstProvenance } from "./figure.ts";
import { measureCaptures, measureVm } from "./measure-points.ts";
import { pointCopies } from "./point-copies.ts";

const hourMs = 3_600_000;
const full = makeTestPoint("p0", [makeTestPointDisk(0, { read: 10 * GiB, stored: 4 * GiB })]);
const change = (id: string, hours: number, read: number, base: string) =>
  makeTestPoint(id, [makeTestPointDisk(hours * hourMs, { read, stored: read / 2 }, base)]);
const later = [change("p1", 1, 100 * MiB, "p0"), change("p2", 3, 500 * MiB, "p1")];

test("a VM is measured by its newest full capture and by what changed since its bases", () => {
  const { allocatedBytes, changedBytesPerSecond } = measureVm([full, ...later]);
  expect(allocatedBytes).toEqual({ value: 10 * GiB, provenance: "measured", source: "full capture of 1970-01-01" });
  expect(changedBytesPerSecond?.value).toBeCloseTo((600 * MiB) / (3 * 3600), 3);
});

test.each([
  ["there is no point", [], null, null],
  ["there is only a full capture", [full], 10 * GiB, null],
  ["the base of the only change was removed", [later[1]!], null, null],
])("nothing is made up where %s", (_why, points, allocated, changed) => {
  const found = measureVm(points);
  expect([found.allocatedBytes?.value ?? null, found.changedBytesPerSecond?.value ?? null]).toEqual([
    allocated,
    changed,
  ]);
});

test("a stamp's clock that was set back measures no change", () => {
  const back = change("p1", -1, 100 * MiB, "p0");
  expect(measureVm([full, back]).changedBytesPerSecond).toBeNull();
});

test("a disk that was added and never captured as a change leaves the change unknown", () => {
  const [first] = later[0]!.disks;
  const added = { ...makeTestPointDisk(hourMs, { read: GiB, stored: GiB }), sourceIdentity: "unique-data" };
  expect(measureVm([full, { ...later[0]!, disks: [first!, added] }]).changedBytesPerSecond).toBeNull();
});

test("rate and ratio come from captures that were large enough to measure one", () => {
  const small = change("p3", 4, MiB, "p2");
  const { captureRate, storedRatio } = measureCaptures([full, small]);
  expect(captureRate?.value).toBe(GiB);
  expect(storedRatio?.value).toBe(0.4);
  expect(measureCaptures([small])).toEqual({ captureRate: null, storedRatio: null });
});

test("a copied point can be used from when it was copied", () => {
  const place = { name: "away", stampName: null, siteName: null, isLocked: null };
  const copied = { ...full, origin: { repositoryId: "r", copiedAtMs: hourMs } };
  expect(pointCopies([full, copied], place).map(({ dataAtMs, usableAtMs }) => [dataAtMs, usableAtMs])).toEqual([
    [0, 60_000],
    [0, hourMs],
  ]);
});

test("what is reckoned is as well known as the worst of its figures", () => {
  expect(worstProvenance(["measured", "documented", "probed"])).toBe("documented");
  const known = (provenance: "measured" | "assumed") => ({ value: 1, provenance, source: "" });
  expect(reckonFigure(3, [known("measured"), known("assumed")], "sum")).toEqual({
    value: 3,
    provenance: "assumed",
    source: "sum",
  });
});
