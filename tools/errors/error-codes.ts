import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

export interface NamedCode {
  readonly code: string;
  readonly file: string;
}

/** Codes are literals in the source, `code: "room.object.problem"`, so that this can find them all. */
const codePattern = /\bcode:\s*"([a-z][a-z0-9-]*(?:\.[a-z0-9-]+)+)"/g;
/** A code that is chosen between several stands beside them in a comment with this mark. */
const markedPattern = /\/\/ code: ([a-z0-9.-]+)/g;
const rowPattern = /^\|\s*`([a-z0-9.-]+)`\s*\|/gm;

/** Every error code that the product can raise. Tests and the emulator, which answers platform codes, are left out. */
export function listSourceCodes(root: string): readonly NamedCode[] {
  const folders = [...readdirSync(join(root, "packages")).map((name) => `packages/${name}/src`), "apps/holdfast/src"];
  return folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts") && !/\.test\.ts$|(^|\/)testing\//.test(name))
      .flatMap((name) => matches(join(root, folder, name), [codePattern, markedPattern], `${folder}/${name}`)),
  );
}

/** Every code that a table of docs/errors explains. */
export function listDocumentedCodes(root: string): readonly NamedCode[] {
  const folder = join(root, "docs/errors");
  return readdirSync(folder)
    .filter((name) => name.endsWith(".md"))
    .flatMap((name) => matches(join(folder, name), [rowPattern], `docs/errors/${name}`));
}

function matches(path: string, patterns: readonly RegExp[], file: string): readonly NamedCode[] {
  const text = readFileSync(path, "utf8");
  return patterns.flatMap((pattern) => [...text.matchAll(pattern)].map(([, code = ""]) => ({ code, file })));
}

/** The page that leads to the tables of all rooms. */
export function renderErrorIndex(root: string): string {
  const rooms = readdirSync(join(root, "docs/errors")).filter((name) => name.endsWith(".md"));
  const lines = rooms.toSorted().map((name) => {
    const title = /^# (.+)$/m.exec(readFileSync(join(root, "docs/errors", name), "utf8"))?.[1] ?? name;
    return `- [${title}](errors/${name})`;
  });
  return `# Errors

Every error of Holdfast has a code that does not change, a sentence that says what failed on which object, and advice.
\`holdfast errors CODE\` explains one; \`holdfast errors\` lists them. With \`--json\` an error is
\`{"error": {"code", "message", "advice", "details", "causes", "isRetryable", "exitCode"}}\` on standard output.

${lines.join("\n")}

Exit codes: 0 done, 1 error, 2 wrong usage, 3 done in part, 10 not found, 11 busy, 12 sign-in or rights, 20 objective
breached, 21 damage found or nothing proven, 130 interrupted.

This page is written by \`node tools/errors/write-index.ts\`; a test compares the tables with the source.
`;
}
