import { readFileSync } from "node:fs";
import { join } from "node:path";
import { HoldfastError } from "@holdfast/kernel";
import { describe, expect, test } from "vitest";
import { policyJsonSchema } from "./policy-words.ts";
import { maxPolicyBytes, readPolicyText } from "./read-policy-file.ts";

const docs = join(import.meta.dirname, "../../../../docs");
const example = /```yaml\n([\s\S]*?)```/.exec(readFileSync(join(docs, "policies.md"), "utf8"))![1]!;
const [hourMs, dayMs] = [3_600_000, 86_400_000];

function problemsOf(text: string): string[] {
  try {
    readPolicyText(text, "policy.yaml");
  } catch (error) {
    if (error instanceof HoldfastError && error.code === "policy.file.invalid") return error.message.split("\n");
    throw error;
  }
  return [];
}

test("the example of the documentation says what it shows", () => {
  const set = readPolicyText(example, "policy.yaml");
  const [gold, night] = set.policies;
  expect(gold).toMatchObject({
    name: "gold",
    intervalMs: hourMs,
    repository: "vault",
    retention: { last: 24, daily: 7, weekly: 5, monthly: 12, timeZone: "Europe/Zagreb" },
    runningSnapshots: { by: "Dr. Kos" },
    copies: [{ repository: "offsite", everyMs: dayMs }],
    throttles: [{ days: [1, 2, 3, 4, 5], from: 420, to: 1140, bytesPerSecond: 20 * 1024 * 1024 }],
    drillEveryMs: 90 * dayMs,
  });
  expect(night!.calendar).toEqual({
    timeZone: "Europe/Zagreb",
    windows: [{ days: [1, 2, 3, 4, 5, 6, 7], from: 1320, to: 330 }],
    blackouts: [{ startMs: Date.UTC(2026, 11, 24), endMs: Date.UTC(2027, 0, 2), why: "the books are closed" }],
  });
  expect(set.applications.map(({ name, policy, tolerance }) => [name, policy, tolerance?.rpoMs ?? null])).toEqual([
    ["records", "gold", 2 * hourMs],
    ["directory", "night", 2 * dayMs],
    ["website", null, null],
  ]);
  expect(set.applications[0]!.selectors).toEqual([
    { kind: "tag", key: "application", value: "records" },
    { kind: "list", vms: ["hospital/records-db"] },
  ]);
  expect(set.applications[2]!.waiver).toMatchObject({ owner: "IT", expiresAtMs: Date.UTC(2027, 2, 1) });
  expect([...set.disconnectedStamps]).toEqual(["east"]);
});

test("the published schema is that of the reader", async () => {
  await expect(`${JSON.stringify(policyJsonSchema(), null, 2)}\n`).toMatchFileSnapshot(
    join(docs, "policy.schema.json"),
  );
});

describe("a mistake is told by line, column and the nearest good word", () => {
  test.each([
    ["an unknown word", ["every: 1h", "evry: 1h"], "policy.yaml:8:5: evry is no word here; did you mean every?"],
    [
      "an unknown policy",
      ["policy: gold", "policy: glod"],
      "policy.yaml:37:13: there is no policy glod; did you mean gold?",
    ],
    [
      "an unknown application",
      ["[directory]", "[direktory]"],
      "policy.yaml:36:18: there is no application direktory; did you mean directory?",
    ],
    [
      "a span without a unit",
      ["every: 1h", "every: 60"],
      "policy.yaml:8:12: every: Give a number and m, h, d, w, mo or y, such as 6h.",
    ],
    [
      "a span that is none",
      ["every: 1h", "every: often"],
      "policy.yaml:8:12: every: Give a number and m, h, d, w, mo or y, such as 6h.",
    ],
    [
      "a day that is none",
      ["[mon, tue,", "[mon, tuesday,"],
      "policy.yaml:17:23: it is not allowed here; give mon, tue, wed, thu, fri, sat, sun",
    ],
    [
      "a time zone that is none",
      ["Europe/Zagreb", "Europe/Zagrebb"],
      "policy.yaml:11:16: time-zone: There is no such time zone; give an IANA name such as Europe/Zagreb.",
    ],
    [
      "a time without quotes",
      ['from: "22:00"', "from: 2200"],
      'policy.yaml:25:17: from: Give a time in quotes, such as "22:30".',
    ],
    [
      "a selector that is none",
      ["group: directory", "grop: directory"],
      "policy.yaml:43:14: give one of tag, group, name or vms",
    ],
    ["a name twice", ["  night:", "  gold:"], "policy.yaml:19:3: Map keys must be unique"],
  ])("%s", (_, [good, bad], expected) => {
    expect(example).toContain(good);
    expect(problemsOf(example.replace(good!, bad!))).toContain(expected);
  });

  test("all mistakes are told at once, in the order of the file", () => {
    const lines = problemsOf(example.replace("every: 1h", "evry: 1h").replace("rto: 8h", "rto: 8"));
    expect(lines.map((line) => line.split(": ")[0])).toEqual([
      "policy.yaml:8:5",
      "policy.yaml:8:5",
      "policy.yaml:45:10",
    ]);
  });

  test("what is no YAML, empty, too large or full of aliases is refused", () => {
    expect(problemsOf("policies: [")[0]).toMatch(/^policy\.yaml:1:\d+: /);
    expect(problemsOf("")).toEqual(["policy.yaml:1:1: the file: Invalid input: expected object, received null"]);
    expect(problemsOf(`# ${"x".repeat(maxPolicyBytes)}`)).toEqual(["policy.yaml:1:1: the file has more than 4 MiB"]);
    const bomb = [
      "a: &a [x, x, x, x, x, x, x, x, x]",
      ..."bcdefgh".split("").map((c, i) => `${c}: &${c} [${`*${"abcdefgh"[i]}, `.repeat(9)}]`),
    ];
    expect(problemsOf(bomb.join("\n"))[0]).toMatch(/alias/);
  });
});
