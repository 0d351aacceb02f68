import { expect, test } from "vitest";
import { decideAccess } from "./decide-access.ts";
import { decideApproval } from "./decide-approval.ts";
import { roles } from "./roles.ts";
import { coversScope } from "./scope.ts";

const anna = { principal: "anna", role: "operator", scope: "/stamps/north" } as const;

test("a scope covers by whole segments, and a malformed one covers nothing", () => {
  expect(coversScope("/stamps/north", "/stamps/north/vms/web")).toBe(true);
  expect(coversScope("/stamps/north", "/stamps/north-2")).toBe(false);
  for (const bad of ["", "stamps", "/stamps/", "//", "/a/../b", "/a\n", `/${"a".repeat(1024)}`]) {
    expect(coversScope("/", bad)).toBe(false);
    expect(coversScope(bad, "/stamps/north")).toBe(false);
  }
});

test("a refusal says whether the role, the permission or the scope is missing", () => {
  const ask = (principal: string, permission: "points.delete" | "audit.read", scope: string) =>
    decideAccess([anna], { principal, permission, scope }).reason;
  expect(ask("ben", "points.delete", "/stamps/north")).toBe("ben has no role.");
  expect(ask("anna", "audit.read", "/stamps/north")).toBe("No role of anna has audit.read.");
  expect(ask("anna", "points.delete", "/stamps/south")).toBe("anna has points.delete elsewhere, not at /stamps/south.");
  expect(ask("anna", "points.delete", "/stamps/north/vms/web")).toBe("anna is operator at /stamps/north.");
});

test("narrow roles destroy nothing, and who acts does not read the audit log", () => {
  for (const name of ["application-owner", "auditor", "restore-only", "backup-only"] as const) {
    for (const act of ["points.delete", "restores.overwrite", "policies.apply", "accounts.manage"] as const) {
      expect(roles[name]).not.toContain(act);
    }
  }
  expect(roles.operator).not.toContain("audit.read");
  expect(roles["restore-only"]).not.toContain("backups.run");
  expect(roles["backup-only"]).not.toContain("points.read");
});

test("an act that the rule does not name needs no second person", () => {
  const request = { ...anna, permission: "backups.run", digest: "x", askedMs: 0 } as const;
  const rule = { permissions: ["points.delete"], validForMs: 1 } as const;
  expect(decideApproval(request, [], { rule, assignments: [], nowMs: 0 }).state).toBe("not-needed");
});

test("an approval counts from the request until just before it expires", () => {
  const request = { ...anna, permission: "points.delete", digest: "x", askedMs: 100 } as const;
  const rule = { permissions: ["points.delete"], validForMs: 10 } as const;
  const assignments = [{ ...anna, principal: "ben" }];
  const stateOf = (approver: string, givenMs: number, nowMs: number, digest = "x") =>
    decideApproval(request, [{ approver, digest, givenMs }], { rule, assignments, nowMs }).state;
  expect(stateOf("ben", 100, 100)).toBe("approved");
  expect(stateOf("ben", 100, 109)).toBe("approved");
  expect(stateOf("ben", 100, 110)).toBe("waiting");
  expect(stateOf("ben", 99, 100)).toBe("waiting");
  expect(stateOf("ben", 101, 100)).toBe("waiting");
  expect(stateOf("ben", 100, 100, "y")).toBe("waiting");
  expect(stateOf("anna", 100, 100)).toBe("waiting");
  expect(stateOf("carl", 100, 100)).toBe("waiting");
});
