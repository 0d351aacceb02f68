import { describe, expect, test } from "vitest";
import { decideReadScope } from "./read-scope.ts";
import type { KnownBase, ReadScopeInput } from "./read-scope.ts";
import { judgeTornRisk } from "./torn-risk.ts";

const base: KnownBase = {
  repositoryId: "repo",
  sourceIdentity: "disk-1",
  sizeBytes: 100,
  pointId: "point",
  hasSnapshot: true,
  hasPointImage: true,
};
const input: ReadScopeInput = {
  base,
  repositoryId: "repo",
  disk: { sourceIdentity: "disk-1", sizeBytes: 100 },
  canListChanges: true,
  isFullAskedFor: false,
};

describe("decideReadScope", () => {
  test("reads changes on top of a base that fits", () => {
    expect(decideReadScope(input)).toEqual({ kind: "incremental", basePointId: "point" });
  });

  test.each([
    ["first-capture", { base: null }],
    ["asked-for", { isFullAskedFor: true }],
    ["repository-changed", { repositoryId: "other" }],
    ["disk-recreated", { disk: { sourceIdentity: "disk-2", sizeBytes: 100 } }],
    ["disk-resized", { disk: { sourceIdentity: "disk-1", sizeBytes: 200 } }],
    ["base-point-missing", { base: { ...base, hasPointImage: false } }],
    ["base-snapshot-missing", { base: { ...base, hasSnapshot: false } }],
    ["stamp-cannot-list-changes", { canListChanges: false }],
  ] as const)("reads all: %s", (reason, change) => {
    expect(decideReadScope({ ...input, ...change })).toEqual({ kind: "full", reason });
  });
});

test.each([
  [1, ["running", "running"], false],
  [2, ["deallocated", "deallocated"], false],
  [2, ["stopped", "stopped"], false],
  [2, ["running", "running"], true],
  [2, ["deallocated", "running"], true],
  [2, ["unknown", "unknown"], true],
  [2, [], true],
] as const)("torn risk of %s disks seen %s is %s", (diskCount, powerStates, isAtRisk) => {
  expect(judgeTornRisk({ diskCount, skewMs: 5, powerStates }).isAtRisk).toBe(isAtRisk);
});
