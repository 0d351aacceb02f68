import { expect, test } from "vitest";
import { makeTestInventory, makeTestVm } from "../testing/make-vm.ts";
import { placedVms } from "./application.ts";
import type { Application, VmSelector } from "./application.ts";
import { classifyVms } from "./classify-vms.ts";
import { decideOptIn } from "./decide-opt-in.ts";

const vms = placedVms([
  makeTestInventory([
    makeTestVm("web1", { tags: { App: "shop" } }),
    makeTestVm("web2", { tags: { app: "SHOP" } }),
    makeTestVm("db1", { resourceGroup: "Data" }),
    makeTestVm("lone"),
  ]),
  makeTestInventory([makeTestVm("web1")], { stampName: "west" }),
]);

function application(name: string, ...selectors: VmSelector[]): Application {
  return { name, owner: "Ada", priority: 1, selectors, dependsOn: [] };
}

function names(one: Application): readonly string[] {
  const [found] = classifyVms([one], vms).applications;
  return (found?.members ?? []).map(({ stampName, vm }) => `${stampName} ${vm.name}`);
}

test.each([
  [{ kind: "tag", key: "APP", value: "shop" }, ["east web1"]],
  [{ kind: "tag", key: "app" }, ["east web1", "east web2"]],
  [{ kind: "resource-group", name: "dATA" }, ["east db1"]],
  [{ kind: "name-pattern", pattern: "WEB?" }, ["east web1", "east web2", "west web1"]],
  [{ kind: "name-pattern", pattern: "*1" }, ["east web1", "east db1", "west web1"]],
  [{ kind: "list", vms: ["DATA/db1", "app/lone", "db1"] }, ["east db1", "east lone"]],
  [{ kind: "tag", key: "toString" }, []],
] as const)("the selector %j takes %j", (selector, expected) => {
  expect(names(application("one", selector))).toEqual(expected);
});

test("an application of one stamp takes nothing of another", () => {
  const of = application("one", { kind: "name-pattern", pattern: "*" });
  expect(names({ ...of, stampNames: ["West"] })).toEqual(["west web1"]);
});

test("what belongs to nothing is unclassified", () => {
  const { unclassified, findings } = classifyVms([application("shop", { kind: "tag", key: "app" })], vms);
  expect(unclassified.map(({ stampName, vm }) => `${stampName} ${vm.name}`)).toEqual([
    "east db1",
    "east lone",
    "west web1",
  ]);
  expect(findings).toEqual([]);
});

const all = { kind: "resource-group", name: "app" } as const;
test.each([
  ["applications-overlap", [application("a", all), application("b", { kind: "list", vms: ["app/lone"] })]],
  [
    "application-name-taken",
    [application("a", all), { ...application("A", { kind: "name-pattern", pattern: "db1" }) }],
  ],
  ["application-without-owner", [{ ...application("a", all), owner: "" }]],
  ["selector-takes-nothing", [application("a", all, { kind: "tag", key: "aap" })]],
  ["selector-takes-nothing", [application("a")]],
  ["dependency-unknown", [{ ...application("a", all), dependsOn: ["b"] }]],
  ["dependency-cycle", [{ ...application("a", all), dependsOn: ["a"] }]],
  [
    "dependency-comes-later",
    [
      { ...application("a", all), dependsOn: ["b"] },
      { ...application("b", { kind: "resource-group", name: "data" }), priority: 2 },
    ],
  ],
] as const)("classifyVms finds %s", (kind, applications) => {
  const kinds = classifyVms(applications, vms).findings.map((finding) => finding.kind);
  expect(new Set(kinds)).toEqual(new Set([kind]));
});

test("a command counts before the tag, and the tag before a policy", () => {
  const [tagged] = placedVms([makeTestInventory([makeTestVm("web1", { tags: { Holdfast: "None" } })])]);
  const [plain] = placedVms([makeTestInventory([makeTestVm("web2")])]);
  if (tagged === undefined || plain === undefined) throw new Error("the test has two VMs");
  const rules = { tagKey: "holdfast", byCommand: new Map<string, boolean>(), policyApplications: new Set(["shop"]) };
  expect(decideOptIn(tagged, ["shop"], rules)).toMatchObject({ isIn: false, by: "tag" });
  expect(decideOptIn(tagged, ["shop"], { ...rules, tagKey: null })).toMatchObject({ isIn: true, by: "policy" });
  expect(decideOptIn(plain, ["shop"], rules)).toMatchObject({ isIn: true, by: "policy" });
  expect(decideOptIn(plain, ["other"], rules)).toMatchObject({ isIn: false, by: "nothing" });
  const byCommand = new Map([[`east ${tagged.vm.id}`.toLowerCase(), true]]);
  expect(decideOptIn(tagged, ["shop"], { ...rules, byCommand })).toMatchObject({ isIn: true, by: "command" });
});
