import { expect, test } from "vitest";
import { judgeDeletion } from "./judge-deletion.ts";

const point = (id: string, instanceKey: string, bytes = 1, isHeld = false) => ({ id, instanceKey, bytes, isHeld });
const ten = Array.from({ length: 10 }, (_, i) => point(`p${i}`, i < 8 ? "web1" : "db1"));

test.each([
  ["a few of many", ["p0", "p1", "p2"], []],
  ["more than three in ten", ["p0", "p1", "p2", "p3"], ["large-share"]],
  ["the last two of a VM", ["p8", "p9"], ["last-good"]],
  ["everything", ten.map(({ id }) => id), ["last-good", "large-share"]],
  ["nothing", [], []],
])("judgeDeletion of %s", (_what, ids, kinds) => {
  expect(judgeDeletion(ten, new Set(ids)).map(({ kind }) => kind)).toEqual(kinds);
});

test("judgeDeletion weighs bytes as well as points", () => {
  const points = [...ten, point("large", "web1", 100)];
  expect(judgeDeletion(points, new Set(["large"]))).toEqual([
    { kind: "large-share", ofPoints: 1 / 11, ofBytes: 100 / 110 },
  ]);
});

test("judgeDeletion names what is held", () => {
  const points = [...ten, point("held", "web1", 1, true)];
  expect(judgeDeletion(points, new Set(["held", "p0"]))).toEqual([{ kind: "held", pointIds: ["held"] }]);
});

test("judgeDeletion lets one of two points of a small repository go", () => {
  const points = [point("a", "web1"), point("b", "web1")];
  expect(judgeDeletion(points, new Set(["a"]))).toEqual([]);
});
