import { dirname, join, normalize } from "node:path";
import type { SourceImport } from "./imports.ts";

export interface Architecture {
  readonly rule: string;
  readonly ranks: Readonly<Record<string, number>>;
  readonly onlyMayImport: Readonly<Record<string, { readonly packages: readonly string[]; readonly reason: string }>>;
  readonly pure: { readonly packages: readonly string[]; readonly reason: string };
}

export interface PackageManifest {
  readonly name: string;
  /** Folder from the root, such as `packages/kernel`. */
  readonly folder: string;
  readonly dependencies: readonly string[];
  readonly exports: readonly string[];
}

function isTestFile(file: string): boolean {
  return file.endsWith(".test.ts") || file.includes("/testing/");
}

function packageOf(specifier: string): string {
  return specifier.split("/").slice(0, 2).join("/");
}

function checkWorkspaceImport(source: SourceImport, from: PackageManifest, rules: Architecture): string[] {
  const to = packageOf(source.specifier);
  const subpath = source.specifier.slice(to.length);
  const where = `${source.file}:${source.line} imports ${source.specifier}`;
  const breaches: string[] = [];
  const fromRank = rules.ranks[from.name];
  const toRank = rules.ranks[to];
  if (toRank === undefined) breaches.push(`${where}: ${to} has no rank in architecture.json; give it one`);
  else if (to !== from.name && fromRank !== undefined && toRank >= fromRank) {
    breaches.push(`${where}: ${rules.rule}; move what is shared down, or hand it in through a port`);
  }
  if (!from.dependencies.includes(to)) breaches.push(`${where}: not declared in ${from.folder}/package.json`);
  if (subpath === "/testing" && !isTestFile(source.file)) {
    breaches.push(`${where}: fakes and suites are for tests only`);
  }
  const allowed = rules.onlyMayImport[from.name];
  if (allowed !== undefined && !allowed.packages.includes(to)) {
    breaches.push(`${where}: ${from.name} may import only ${allowed.packages.join(", ")}, because ${allowed.reason}`);
  }
  return breaches;
}

function checkRelativeImport(source: SourceImport, from: PackageManifest): string[] {
  const target = normalize(join(dirname(source.file), source.specifier));
  if (target.startsWith(`${from.folder}/`)) return [];
  return [`${source.file}:${source.line} reaches out of its package to ${target}; import the package by its name`];
}

/** Breaches of the house rules by one package's imports, each with its reason and the mend. */
export function findBreaches(from: PackageManifest, imports: readonly SourceImport[], rules: Architecture): string[] {
  return imports.flatMap((source) => {
    if (source.specifier.startsWith("@holdfast/")) return checkWorkspaceImport(source, from, rules);
    if (source.specifier.startsWith(".")) return checkRelativeImport(source, from);
    if (rules.pure.packages.includes(from.name) && !isTestFile(source.file)) {
      return [`${source.file}:${source.line} imports ${source.specifier}: ${rules.pure.reason}`];
    }
    return [];
  });
}
