import { readFile, readdir } from "node:fs/promises";
import { join, relative } from "node:path";

export interface SourceImport {
  /** Path of the importing file, from the root. */
  readonly file: string;
  readonly specifier: string;
  readonly line: number;
}

const importPattern =
  /(?:^|\n)\s*(?:import|export)\s[^;]*?\bfrom\s+["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']\s*\)|(?:^|\n)\s*import\s+["']([^"']+)["']/g;

/** Every TypeScript file below a folder, without installed packages and test data. */
export async function listSources(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const nested = await Promise.all(
    entries.map(async (entry) => {
      if (["node_modules", "dist", "testdata"].includes(entry.name)) return [];
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return listSources(path);
      return entry.name.endsWith(".ts") || entry.name.endsWith(".tsx") ? [path] : [];
    }),
  );
  return nested.flat().sort();
}

/** What one file imports, by static and dynamic imports and by re-exports. */
export function findImports(file: string, text: string): SourceImport[] {
  return [...text.matchAll(importPattern)].map((match) => ({
    file,
    specifier: match[1] ?? match[2] ?? match[3] ?? "",
    line: text.slice(0, match.index).split("\n").length,
  }));
}

/** Imports of all sources of a package, with paths from the root. */
export async function readImports(root: string, packageFolder: string): Promise<SourceImport[]> {
  const files = await listSources(packageFolder);
  const found = await Promise.all(
    files.map(async (file) => findImports(relative(root, file), await readFile(file, "utf8"))),
  );
  return found.flat();
}
