import { HoldfastError, MiB } from "@holdfast/kernel";
import type { PolicySet } from "@holdfast/domain";
import { isNode, isPair, isScalar, LineCounter, parseDocument } from "yaml";
import type { Document, Node } from "yaml";
import type { z } from "zod";
import { nearestNames } from "../selection/nearest-names.ts";
import { policyFileSchema } from "./policy-schema.ts";
import { policySetOfFile } from "./policy-set-of-file.ts";
import { wordsAt } from "./policy-words.ts";

export const maxPolicyBytes = 4 * MiB;
/** Problems that are told at a time. */
const toldProblems = 20;

type Path = readonly PropertyKey[];

/** One thing that is wrong with a file, and where. Lines and columns from 1. */
export interface PolicyProblem {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** Reads a policy file. Raises `policy.file.invalid` with every problem's line and column, and the nearest word that is allowed. */
export function readPolicyText(text: string, fileName: string): PolicySet {
  if (Buffer.byteLength(text) > maxPolicyBytes)
    throw invalid(fileName, [{ line: 1, column: 1, message: "the file has more than 4 MiB" }]);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, stringKeys: true });
  const placeOf = (offset: number): { line: number; column: number } => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  if (document.errors.length > 0)
    throw invalid(
      fileName,
      document.errors.map(({ pos, message }) => ({ ...placeOf(pos[0]), message: firstLine(message) })),
    );
  // A few aliases are a convenience; many that hold each other would fill the memory.
  const value = toValue(document, fileName);
  const parsed = policyFileSchema.safeParse(value);
  if (parsed.success) {
    const dangling = danglingNames(parsed.data);
    if (dangling.length === 0) return policySetOfFile(parsed.data);
    throw invalid(
      fileName,
      dangling.map(({ path, message }) => ({ ...placeOf(offsetOf(document, path)), message })),
    );
  }
  const problems = parsed.error.issues.flatMap((issue) => problemsOf(issue));
  throw invalid(
    fileName,
    problems.map(({ path, message, atKey }) => ({
      ...placeOf(atKey === undefined ? offsetOf(document, path) : keyOffset(document, path, atKey)),
      message,
    })),
  );
}

function toValue(document: Document, fileName: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    throw invalid(fileName, [
      { line: 1, column: 1, message: error instanceof Error ? firstLine(error.message) : String(error) },
    ]);
  }
}

interface Problem {
  readonly path: Path;
  readonly message: string;
  /** The key under the path that is wrong. */
  readonly atKey?: string;
}

function problemsOf(issue: z.core.$ZodIssue): Problem[] {
  const { path } = issue;
  if (issue.code === "unrecognized_keys")
    return issue.keys.map((key) => ({
      path,
      atKey: key,
      message: `${key} is no word here${suggest(key, wordsAt(path))}`,
    }));
  if (issue.code === "invalid_union" && issue.errors.length > 0)
    return [{ path, message: "give one of tag, group, name or vms" }];
  if (issue.code === "invalid_value")
    return [{ path, message: `it is not allowed here; give ${issue.values.join(", ")}` }];
  return [{ path, message: sentence(issue.message, path) }];
}

/** Names that point to nothing. */
function danglingNames(file: z.output<typeof policyFileSchema>): Problem[] {
  const policies = Object.keys(file.policies);
  const applications = Object.keys(file.applications);
  return Object.entries(file.applications).flatMap(([name, { policy, "depends-on": dependsOn = [] }]) => {
    const problems: Problem[] = [];
    if (policy !== "none" && !policies.includes(policy))
      problems.push({
        path: ["applications", name, "policy"],
        message: `there is no policy ${policy}${suggest(policy, [...policies, "none"])}`,
      });
    for (const [i, other] of dependsOn.entries())
      if (!applications.includes(other))
        problems.push({
          path: ["applications", name, "depends-on", i],
          message: `there is no application ${other}${suggest(other, applications)}`,
        });
    return problems;
  });
}

function suggest(typed: string, words: readonly string[]): string {
  const near = nearestNames(typed, words);
  if (near.length > 0) return `; did you mean ${near.join(" or ")}?`;
  return words.length > 0 && words.length < 20 ? `; here are known: ${words.join(", ")}` : "";
}

function sentence(message: string, path: Path): string {
  const what = path.length === 0 ? "the file" : String(path.at(-1));
  return `${what}: ${message}`;
}

/** Where the value at a path stands, or the nearest thing above it that is there. */
function offsetOf(document: Document, path: Path): number {
  for (let depth = path.length; depth >= 0; depth -= 1) {
    const node = document.getIn(path.slice(0, depth), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return 0;
}

function keyOffset(document: Document, path: Path, key: string): number {
  const map = path.length === 0 ? document.contents : document.getIn(path, true);
  const items = (map as { readonly items?: readonly unknown[] } | null)?.items ?? [];
  for (const item of items) {
    if (!isPair(item) || !isScalar(item.key) || String(item.key.value) !== key) continue;
    return (item.key as Node).range?.[0] ?? 0;
  }
  return offsetOf(document, path);
}

function firstLine(message: string): string {
  return message.split("\n")[0]!.replace(/ at line \d+, column \d+:?$/, "");
}

function invalid(fileName: string, found: readonly PolicyProblem[]): HoldfastError {
  const problems = found.toSorted((a, b) => a.line - b.line || a.column - b.column).slice(0, toldProblems);
  const told = problems.map(({ line, column, message }) => `${fileName}:${line}:${column}: ${message}`);
  const rest = found.length - problems.length;
  return new HoldfastError({
    code: "policy.file.invalid",
    message: [...told, ...(rest > 0 ? [`and ${rest} more`] : [])].join("\n"),
    advice: "Correct the file; docs/policies.md has every word with an example.",
    details: {
      file: fileName,
      line: problems[0]?.line ?? 1,
      column: problems[0]?.column ?? 1,
      problemCount: found.length,
    },
  });
}
