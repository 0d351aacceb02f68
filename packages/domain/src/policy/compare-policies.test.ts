import { describe, expect, test } from "vitest";
import { makeTestInventory, makeTestVm } from "../testing/make-vm.ts";
import { makeTestApplication, makeTestPolicy, makeTestPolicySet } from "../testing/make-policy.ts";
import { comparePolicies } from "./compare-policies.ts";
import { compilePolicies } from "./compile-policies.ts";
import { noPolicies } from "./policy-set.ts";
import type { PolicySet } from "./policy-set.ts";

const consent = { by: "Ada", why: "measured" };
const gold = makeTestPolicy("gold", { runningSnapshots: consent });
const shop = makeTestApplication("shop", { policy: "gold" });
const held = makeTestPolicySet([gold], [shop]);
const running = makeTestInventory([makeTestVm("shop1")]);
const compare = (before: PolicySet, after: PolicySet, inventory = running) =>
  comparePolicies(compilePolicies(before, [inventory], 0), compilePolicies(after, [inventory], 0));

describe("comparePolicies", () => {
  test("the same policies change nothing", () => {
    expect(compare(held, held)).toEqual({ vms: [], needsConsent: [] });
  });

  test("a first file takes nothing away", () => {
    const { vms, needsConsent } = compare(noPolicies, held);
    expect(vms).toMatchObject([{ kind: "protect", application: "shop", policy: "gold", way: "agentless" }]);
    expect(needsConsent).toEqual([]);
  });

  test("a VM that its application gives up needs consent by the application's name", () => {
    const { vms, needsConsent } = compare(held, makeTestPolicySet([gold], []));
    expect(vms).toMatchObject([{ kind: "unprotect", application: "shop", reason: "it belongs to no application" }]);
    expect(needsConsent).toEqual(["shop"]);
  });

  test("leave for running snapshots that is taken back stops captures, and needs consent", () => {
    const strict = { ...gold, runningSnapshots: null };
    const { vms, needsConsent } = compare(held, makeTestPolicySet([strict], [shop]));
    expect(vms).toMatchObject([{ kind: "change-way", from: "agentless", way: "agent" }]);
    expect(needsConsent).toEqual(["shop"]);
  });

  test("a change of policy does not hide that captures stop", () => {
    const silver = makeTestPolicy("silver", { consistency: "application" });
    const { vms, needsConsent } = compare(held, makeTestPolicySet([silver], [{ ...shop, policy: "silver" }]));
    expect(vms.map(({ kind }) => kind)).toEqual(["change-policy", "change-way"]);
    expect(needsConsent).toEqual(["shop"]);
  });

  test("captures that begin need no consent", () => {
    const strict = makeTestPolicySet([{ ...gold, runningSnapshots: null }], [shop]);
    expect(compare(strict, held)).toMatchObject({ vms: [{ kind: "change-way", way: "agentless" }], needsConsent: [] });
  });

  test("a VM that is not captured while it runs may have been while it stood still, and needs consent too", () => {
    const strict = makeTestPolicySet([{ ...gold, runningSnapshots: null }], [shop]);
    expect(compare(strict, makeTestPolicySet([gold], [])).needsConsent).toEqual(["shop"]);
  });

  test("a VM that is not there any more is no change", () => {
    const gone = makeTestInventory([]);
    expect(compare(held, makeTestPolicySet([gold], []), gone)).toEqual({ vms: [], needsConsent: [] });
  });

  test("a VM that another application takes over keeps its protection", () => {
    const other = makeTestApplication("other", { policy: "gold" });
    const taken = { ...other, selectors: shop.selectors };
    expect(compare(held, makeTestPolicySet([gold], [taken])).needsConsent).toEqual([]);
  });
});
