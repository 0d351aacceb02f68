import { describe, expect, test } from "vitest";
import { makeTestPolicy, makeTestApplication, makeTestPolicySet } from "../testing/make-policy.ts";
import { makeTestInventory, makeTestVm, testArmId } from "../testing/make-vm.ts";
import { compilePolicies } from "./compile-policies.ts";
import type { PolicyApplication } from "./policy-set.ts";

const dayMs = 86_400_000;
const nowMs = 100 * dayMs;
const gold = makeTestPolicy("gold");
const daily = makeTestPolicy("daily", { intervalMs: dayMs });
const setId = testArmId("app", "Microsoft.Compute/availabilitySets", "pair");
const stopped = (name: string) => makeTestVm(name, { powerState: "stopped" });

function compile(vms: readonly ReturnType<typeof makeTestVm>[], ...applications: readonly PolicyApplication[]) {
  const compiled = compilePolicies(makeTestPolicySet([gold, daily], applications), [makeTestInventory(vms)], nowMs);
  return {
    ...compiled,
    protectedNames: compiled.protectedVms.map(({ placed, policy, way }) => [placed.vm.name, policy.name, way]),
    reasons: compiled.leftOut.map(({ placed, reason }) => [placed.vm.name, reason]),
    findingKinds: compiled.findings.map(({ kind, severity, subject }) => [kind, severity, subject]),
  };
}

const under = (policy: string, change: Partial<PolicyApplication> = {}) => ({ policy, ...change });

describe("compilePolicies", () => {
  test("a VM is protected, left out with a reason, or unclassified: never two of them, never none", () => {
    const waiver = { reason: "redeployed", owner: "Bo", expiresAtMs: nowMs + dayMs };
    const { protectedNames, reasons, unclassified } = compile(
      [stopped("db1"), stopped("web1"), stopped("stray")],
      makeTestApplication("db", under("gold")),
      makeTestApplication("web", { waiver }),
    );
    expect(protectedNames).toEqual([["db1", "gold", "agentless"]]);
    expect(reasons).toEqual([["web1", "Bo has waived its protection: redeployed"]]);
    expect(unclassified.map(({ vm }) => vm.name)).toEqual(["stray"]);
  });

  test.each([
    ["has ended", { reason: "redeployed", owner: "Bo", expiresAtMs: nowMs - 1 }],
    ["has no owner", { reason: "redeployed", owner: "", expiresAtMs: nowMs + dayMs }],
    ["has no reason", { reason: "", owner: "Bo", expiresAtMs: nowMs + dayMs }],
  ])("a waiver that %s counts for nothing, and the report says so", (_, waiver) => {
    expect(compile([stopped("web1")], makeTestApplication("web", { waiver })).reasons).toEqual([
      ["web1", "its application has no policy, and its waiver has ended or is incomplete"],
    ]);
  });

  test("of several applications the policy with the shortest interval holds, in whatever order they stand, and that is told", () => {
    const [one, other] = [makeTestApplication("db", under("daily")), makeTestApplication("db1", under("gold"))];
    for (const order of [
      [one, other],
      [other, one],
    ]) {
      const { protectedNames, findingKinds } = compile([stopped("db1")], ...order);
      expect(protectedNames).toEqual([["db1", "gold", "agentless"]]);
      expect(findingKinds).toEqual([["applications-overlap", "warns", "east app/db1"]]);
    }
  });

  test("a VM that one application waives and another protects is protected", () => {
    const waiver = { reason: "redeployed", owner: "Bo", expiresAtMs: nowMs + dayMs };
    const { protectedNames, reasons } = compile(
      [stopped("db1")],
      makeTestApplication("db", { waiver }),
      makeTestApplication("db1", under("daily")),
    );
    expect(protectedNames).toEqual([["db1", "daily", "agentless"]]);
    expect(reasons).toEqual([]);
  });

  test("a member of an availability set is captured only by an exception with a reason", () => {
    const member = { ...stopped("dc1"), availabilitySetId: setId };
    const dc = makeTestApplication("dc", under("gold"));
    expect(compile([member], dc).protectedNames).toEqual([["dc1", "gold", "application-level"]]);
    const excused = { ...dc, captureExceptions: new Map([["app/dc1", "the pair replicates"]]) };
    expect(compile([member], excused).protectedVms).toMatchObject([
      { way: "agentless", reasons: [expect.stringContaining("the pair replicates"), expect.anything()] },
    ]);
  });

  test("no exception helps an instance of a scale set", () => {
    const instance = { ...stopped("ss1"), scaleSetId: setId };
    const excused = makeTestApplication("ss", under("gold", { captureExceptions: new Map([["app/ss1", "please"]]) }));
    expect(compile([instance], excused).protectedNames).toEqual([["ss1", "gold", "application-level"]]);
  });

  test("a tag that no VM has is told with the tag, and so is a dependency that leads back", () => {
    const { findings } = compile(
      [stopped("db1"), stopped("web1")],
      makeTestApplication("db", under("gold", { dependsOn: ["web"] })),
      makeTestApplication("web", under("gold", { dependsOn: ["db"] })),
      makeTestApplication("crm", under("gold", { selectors: [{ kind: "tag", key: "aplication", value: "crm" }] })),
    );
    expect(findings.map(({ kind, subject, message }) => [kind, subject, message])).toEqual([
      ["selector-takes-nothing", "crm", "no VM has the tag aplication=crm"],
      ["dependency-cycle", "db", "db, web depend on each other: no order of recovery exists"],
    ]);
  });
});
