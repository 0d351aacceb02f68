import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { findImports, readImports } from "./imports.ts";
import type { Architecture, PackageManifest } from "./rules.ts";
import { findBreaches } from "./rules.ts";

const root = join(import.meta.dirname, "../..");
const rules = JSON.parse(await readFile(join(root, "architecture.json"), "utf8")) as Architecture;

async function readManifest(folder: string): Promise<PackageManifest> {
  const manifest = JSON.parse(await readFile(join(root, folder, "package.json"), "utf8")) as {
    readonly name: string;
    readonly dependencies?: Record<string, string>;
    readonly devDependencies?: Record<string, string>;
    readonly exports?: Record<string, string>;
  };
  return {
    name: manifest.name,
    folder,
    dependencies: [...Object.keys(manifest.dependencies ?? {}), ...Object.keys(manifest.devDependencies ?? {})],
    exports: Object.keys(manifest.exports ?? {}),
  };
}

async function listPackages(): Promise<PackageManifest[]> {
  const folders = await Promise.all(
    ["packages", "apps"].map(async (parent) => (await readdir(join(root, parent))).map((name) => `${parent}/${name}`)),
  );
  return Promise.all([...folders.flat(), "e2e"].map(readManifest));
}

const packages = await listPackages();

describe("the house", () => {
  test.each(packages)("$name imports only what architecture.json allows", async (manifest) => {
    expect(findBreaches(manifest, await readImports(root, join(root, manifest.folder)), rules)).toEqual([]);
  });

  test("reads the imports of a real package", async () => {
    const imports = await readImports(root, join(root, "packages/engine"));
    expect(imports.some((found) => found.specifier === "@holdfast/domain")).toBe(true);
  });
});

describe("findBreaches", () => {
  const kernel: PackageManifest = {
    name: "@holdfast/kernel",
    folder: "packages/kernel",
    dependencies: [],
    exports: ["."],
  };
  const stackhub: PackageManifest = {
    name: "@holdfast/stackhub",
    folder: "packages/stackhub",
    dependencies: ["@holdfast/kernel", "@holdfast/repository"],
    exports: ["."],
  };
  const emulator: PackageManifest = {
    name: "@holdfast/emulator",
    folder: "apps/emulator",
    dependencies: ["@holdfast/stackhub"],
    exports: ["."],
  };
  const breachesOf = (manifest: PackageManifest, text: string): string[] =>
    findBreaches(manifest, findImports(`${manifest.folder}/src/a.ts`, text), rules);

  test("names an import that goes upwards, with the rule", () => {
    expect(breachesOf(kernel, 'import { x } from "@holdfast/domain";')[0]).toContain("strictly downwards");
  });

  test("names an import between strangers of one rank", () => {
    expect(breachesOf(stackhub, 'export { x } from "@holdfast/repository";')).toHaveLength(1);
  });

  test("names an undeclared import, a type import included", () => {
    expect(breachesOf(stackhub, 'import type { X } from "@holdfast/domain";')[0]).toContain("not declared");
  });

  test("names a file that reaches into another package", () => {
    expect(breachesOf(stackhub, 'const x = await import("../../repository/src/index.ts");')[0]).toContain(
      "reaches out",
    );
  });

  test("names I/O in the kernel", () => {
    expect(breachesOf(kernel, 'import { readFile } from "node:fs/promises";')[0]).toContain("do no I/O");
  });

  test("keeps the product out of the emulator", () => {
    expect(breachesOf(emulator, 'import { x } from "@holdfast/stackhub";')[0]).toContain("agree with itself");
  });

  test("keeps fakes out of the product", () => {
    expect(breachesOf(stackhub, 'import { FakeClock } from "@holdfast/kernel/testing";')[0]).toContain("tests only");
  });

  test("lets a declared import go downwards", () => {
    expect(breachesOf(stackhub, 'import {\n  MiB,\n} from "@holdfast/kernel";')).toEqual([]);
  });
});
