import { describe, expect, test } from "vitest";
import type { Finding } from "../findings/finding.ts";
import type { Objectives } from "../objectives/objectives.ts";
import { acceptFindings } from "./accept-findings.ts";
import { joinObjectives } from "./join-objectives.ts";

const hourMs = 3_600_000;
const make = (rto: number, rpo: number, by: string | null): Objectives => ({
  rtoMs: rto * hourMs,
  rpoMs: rpo * hourMs,
  retention: { daily: 7, timeZone: "UTC" },
  consistency: "crash",
  owner: "Ada",
  signOff: by === null ? null : { by, atMs: 1 },
  reviewByMs: 9,
});
const [recorded, policy, tags] = [make(4, 2, "Ada"), make(8, 1, null), make(1, 1, null)];

describe("joinObjectives", () => {
  test.each([
    [{}, null, null],
    [{ tags }, tags, "tags"],
    [{ tags, policy }, policy, "policy"],
    [{ tags, recorded }, recorded, "recorded"],
    [{ policy: recorded, recorded }, recorded, "both"],
  ] as const)("takes of %o the one that counts", (known, objectives, source) => {
    expect(joinObjectives("shop", known)).toEqual({ objectives, source, findings: [] });
  });

  test("takes the stricter of a record and a policy file, each span on its own, and says that they differ", () => {
    const { objectives, findings } = joinObjectives("shop", { recorded, policy, tags });
    expect(objectives).toEqual({ ...recorded, rtoMs: 4 * hourMs, rpoMs: hourMs });
    expect(findings.map(({ kind, message }) => [kind, message])).toEqual([
      [
        "objectives-differ",
        "the recorded RTO is 4 h 00 min and that of the policy file 8 h 00 min; the stricter holds",
      ],
      [
        "objectives-differ",
        "the recorded RPO is 2 h 00 min and that of the policy file 1 h 00 min; the stricter holds",
      ],
    ]);
  });
});

describe("acceptFindings", () => {
  const found: Finding = { kind: "one-node", severity: "warns", subject: "shop", message: "m", advice: "a" };
  const accepted = { finding: "one-node", reason: "until June", owner: "Ada", expiresAtMs: 100 };

  test("tells what is borne as a note, by whom and until when, and leaves the rest", () => {
    const other = { ...found, kind: "other" };
    expect(acceptFindings([found, other], [accepted], 50)).toEqual([
      { ...found, severity: "notes", message: "m (accepted by Ada until 1970-01-01: until June)" },
      other,
    ]);
  });

  test("lets nothing that blocks be accepted away", () => {
    expect(acceptFindings([{ ...found, severity: "blocks" }], [accepted], 50)).toMatchObject([{ severity: "blocks" }]);
  });

  test("says so where an acceptance has ended and its finding is still there", () => {
    expect(acceptFindings([found], [accepted], 100).map(({ kind, severity }) => [kind, severity])).toEqual([
      ["one-node", "warns"],
      ["acceptance-ended", "warns"],
    ]);
    expect(acceptFindings([], [accepted], 100)).toEqual([]);
  });
});
