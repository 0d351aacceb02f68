import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import type { PlacedVm } from "../applications/application.ts";
import { orderVms } from "./order-vms.ts";
import { shellLine } from "./shell-word.ts";

const placed = (name: string): PlacedVm => ({ stampName: "east", vm: { name } as PlacedVm["vm"] });
const names = (groups: readonly (readonly PlacedVm[])[]) => groups.map((group) => group.map(({ vm }) => vm.name));
const vms = [placed("web2"), placed("db1"), placed("web1"), placed("mail")];

test("VMs start in the order that was noted, in any case of letters, and the others after them", () => {
  const order = orderVms(vms, [["DB1"], ["web1", "web2"], ["gone"], ["db1"]]);
  expect(names(order.groups)).toEqual([["db1"], ["web1", "web2"], ["mail"]]);
  expect([order.hasRest, order.unknownNames]).toEqual([true, ["gone"]]);
});

test("without a noted order all VMs are one group, by name", () => {
  const order = orderVms(vms, []);
  expect(names(order.groups)).toEqual([["db1", "mail", "web1", "web2"]]);
  expect(order.hasRest).toBe(false);
});

test("a shell reads each word of a line back as it was, and runs none of it", () => {
  const words = [
    "plain-1.a/b",
    "two words",
    "$(touch /tmp/x)",
    "`id`",
    "a'b",
    "'",
    "",
    "; rm -rf /",
    'a"b',
    "*",
    "~",
    "#c",
    "é",
  ];
  const shown = execFileSync("/bin/sh", ["-c", shellLine("printf", "%s\\0", ...words)], { encoding: "utf8" });
  expect(shown.split("\0").slice(0, -1)).toEqual(words);
});
