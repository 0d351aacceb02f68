import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { problemOfRetention } from "../retention/decide-retention.ts";
import { impactQuestions } from "./impact-interview.ts";
import type { ImpactAnswers, ImpactQuestionId } from "./impact-interview.ts";
import { proposeObjectives } from "./propose-objectives.ts";

const hourMs = 3_600_000;
const span = fc.nat(1000 * hourMs);
const anyAnswers = fc.record(
  {
    stoppage: fc.constantFrom("nothing", "some-work", "all-work", "law-or-safety"),
    affected: fc.constantFrom("nobody", "a-team", "the-organisation", "people-outside"),
    byHandMs: span,
    costPerHour: fc.nat(10_000),
    bearableCost: fc.nat(100_000),
    reentry: fc.constantFrom("all", "some", "none"),
    reentrySpanMs: span,
    stateKind: fc.constantFrom("none", "files", "database", "several-vms"),
    keepForMs: fc.nat(4000 * 24 * hourMs),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<ImpactAnswers>;

describe("proposeObjectives", () => {
  test("proposes what can be an objective, and says what nobody answered", () => {
    fc.assert(
      fc.property(anyAnswers, (answers) => {
        const proposal = proposeObjectives(answers, "UTC");
        expect(proposal.rtoMs).toBeGreaterThan(0);
        expect(proposal.rpoMs).toBeGreaterThan(0);
        expect(problemOfRetention(proposal.retention)).toBeNull();
        expect(new Set(proposal.reasons.map(({ of }) => of)).size).toBe(4);
        expect(proposal.unanswered.length + Object.keys(answers).length).toBe(impactQuestions.length);
      }),
    );
  });

  test("gives no less protection for a question that is left out", () => {
    const cautious: ImpactQuestionId[] = ["stoppage", "affected", "byHandMs", "reentry"];
    fc.assert(
      fc.property(anyAnswers, fc.constantFrom(...cautious), (answers, leftOut) => {
        const { [leftOut]: _gone, ...fewer } = answers;
        const [proposal, careful] = [proposeObjectives(answers, "UTC"), proposeObjectives(fewer, "UTC")];
        expect(careful.rtoMs).toBeLessThanOrEqual(proposal.rtoMs);
        expect(careful.rpoMs).toBeLessThanOrEqual(proposal.rpoMs);
      }),
    );
  });

  test("never gives a longer RTO where an hour costs more", () => {
    fc.assert(
      fc.property(anyAnswers, fc.nat(10_000), (answers, more) => {
        const costPerHour = (answers.costPerHour ?? 0) + more + 1;
        const dearer = proposeObjectives({ ...answers, costPerHour }, "UTC");
        expect(dearer.rtoMs).toBeLessThanOrEqual(proposeObjectives(answers, "UTC").rtoMs);
      }),
    );
  });

  test.each([
    [{ stoppage: "nothing", affected: "nobody" }, 168, 24],
    [{ stoppage: "some-work", affected: "a-team" }, 24, 4],
    [{ stoppage: "all-work", affected: "a-team" }, 4, 1],
    [{ stoppage: "all-work", affected: "people-outside" }, 1, 1],
    [{ stoppage: "law-or-safety", affected: "a-team" }, 0.25, 0.25],
    [{ stoppage: "all-work", affected: "a-team", byHandMs: 4 * hourMs }, 8, 1],
    [{ stoppage: "all-work", affected: "a-team", costPerHour: 100, bearableCost: 150 }, 1, 1],
    [{ stoppage: "all-work", affected: "a-team", reentry: "all", reentrySpanMs: 9 * hourMs }, 4, 8],
    [{ stoppage: "all-work", affected: "a-team", reentry: "some", reentrySpanMs: 9 * hourMs }, 4, 1],
    [{}, 0.25, 0.25],
  ] as const)("of %j follow an RTO of %s h and an RPO of %s h", (answers: ImpactAnswers, rtoHours, rpoHours) => {
    const { rtoMs, rpoMs } = proposeObjectives(answers, "UTC");
    expect([rtoMs / hourMs, rpoMs / hourMs]).toEqual([rtoHours, rpoHours]);
  });
});
