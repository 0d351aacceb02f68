import type { Inventory, RecoveryPoint } from "@holdfast/domain";
import { describe, expect, test } from "vitest";
import { makeVm } from "../testing/fake-services.ts";
import { nearestNames } from "./nearest-names.ts";
import { selectPoint } from "./select-point.ts";
import { selectVm } from "./select-vm.ts";

const web = makeVm("app", "web1", "running");
const inventory = {
  stampName: "east",
  vms: [web, makeVm("lab", "web1", "stopped"), makeVm("app", "db1", "running")],
} as unknown as Inventory;

describe("selectVm", () => {
  test.each(["APP/web1", web.id.toUpperCase()])("finds one VM by %s", (typed) => {
    expect(selectVm(typed, [inventory])).toEqual({ stampName: "east", vm: web });
  });

  test("explains a name that is that of two VMs", () => {
    expect(() => selectVm("web1", [inventory])).toThrow(/app\/web1 on east, lab\/web1 on east/);
  });

  test("offers the nearest names for an unknown one", () => {
    expect(() => selectVm("bd1", [inventory])).toThrow(
      expect.objectContaining({ code: "cli.vm.not-found", advice: expect.stringContaining("db1") }),
    );
  });
});

describe("selectPoint", () => {
  const point = (id: string, instance: RecoveryPoint["instance"]): RecoveryPoint =>
    ({ id, stampName: "east", instance }) as RecoveryPoint;
  const points = [
    point("019a-bbbb", web),
    point("019a-aaaa", web),
    point("019b-cccc", makeVm("lab", "web1", "stopped")),
  ];

  test.each([
    ["019a-a", "019a-aaaa"],
    ["019A-BBBB", "019a-bbbb"],
    ["app/web1@latest", "019a-bbbb"],
  ])("%s is %s", (typed, id) => expect(selectPoint(typed, points).id).toBe(id));

  test.each([
    ["019a", "cli.point.ambiguous"],
    ["web1@latest", "cli.point.ambiguous"],
    ["019", "cli.point.not-found"],
    ["web1", "cli.point.not-found"],
  ])("%s raises %s", (typed, code) => {
    expect(() => selectPoint(typed, points)).toThrow(expect.objectContaining({ code }));
  });
});

test("nearestNames is silent where nothing is near", () => {
  expect(nearestNames("mail", ["web1", "db1"])).toEqual([]);
  expect(nearestNames("wbe1", ["web1", "mail"])).toEqual(["web1"]);
});
