import fc from "fast-check";
import { expect, test } from "vitest";
import { decideAccess } from "./decide-access.ts";
import { decideApproval } from "./decide-approval.ts";
import { permissions, roleNames, roles } from "./roles.ts";

const principal = fc.constantFrom("anna", "ben", "carl");
const scope = fc
  .array(fc.constantFrom("a", "ab", "b"), { maxLength: 3 })
  .map((segments) => (segments.length === 0 ? "/" : `/${segments.join("/")}`));
const assignment = fc.record({ principal, role: fc.constantFrom(...roleNames), scope });
const assignments = fc.array(assignment, { maxLength: 6 });
const question = fc.record({ principal, permission: fc.constantFrom(...permissions), scope });
const segmentsOf = (text: string): string[] => text.split("/").filter((one) => one !== "");

test("access is allowed exactly if one own role has the permission at a prefix of the scope", () => {
  fc.assert(
    fc.property(assignments, question, (all, asked) => {
      const expected = all.some(
        (one) =>
          one.principal === asked.principal &&
          roles[one.role].includes(asked.permission) &&
          segmentsOf(one.scope).every((segment, i) => segmentsOf(asked.scope)[i] === segment),
      );
      expect(decideAccess(all, asked).isAllowed).toBe(expected);
    }),
    { numRuns: 1000 },
  );
});

test("one more assignment takes no right away, and one of another principal gives none", () => {
  fc.assert(
    fc.property(assignments, assignment, question, (all, more, asked) => {
      const before = decideAccess(all, asked).isAllowed;
      const after = decideAccess([...all, more], asked).isAllowed;
      if (before) expect(after).toBe(true);
      if (more.principal !== asked.principal) expect(after).toBe(before);
    }),
  );
});

test("an approved act has a second person who may approve there, for this very act, in time", () => {
  const time = fc.nat(20);
  const approval = fc.record({ approver: principal, digest: fc.constantFrom("x", "y"), givenMs: time });
  const rule = { permissions: ["points.delete"] as const, validForMs: 8 };
  fc.assert(
    fc.property(assignments, fc.array(approval, { maxLength: 4 }), principal, scope, time, time, (...given) => {
      const [all, approvals, requester, at, askedMs, nowMs] = given;
      const request = { principal: requester, permission: "points.delete", scope: at, digest: "x", askedMs } as const;
      const fits = approvals.filter(
        ({ approver, digest, givenMs }) =>
          approver !== requester &&
          digest === "x" &&
          givenMs >= askedMs &&
          givenMs <= nowMs &&
          nowMs < givenMs + 8 &&
          decideAccess(all, { principal: approver, permission: "acts.approve", scope: at }).isAllowed,
      );
      const decision = decideApproval(request, approvals, { rule, assignments: all, nowMs });
      expect(decision.state).toBe(fits.length > 0 ? "approved" : "waiting");
      if (decision.state === "approved") expect(fits).toContain(decision.by);
      else if (decision.state === "waiting") expect(decision.refused).toHaveLength(approvals.length);
    }),
    { numRuns: 2000 },
  );
});
