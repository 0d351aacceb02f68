import { open, rename, rm } from "node:fs/promises";
import { dirname, extname, join, resolve } from "node:path";
import { writeHtml, writeMarkdown } from "@holdfast/domain";
import type { ReportDocument } from "@holdfast/domain";
import { HoldfastError } from "@holdfast/kernel";
import type { Random } from "@holdfast/kernel";

/** A file to write a report to, and the form that the end of its name asks for. */
export interface ReportFile {
  readonly path: string;
  readonly form: "html" | "pdf" | "md";
}

/** Raises `cli.usage.report` where the end of the name is none of the forms. */
export function requireReportFile(typed: string): ReportFile {
  const form = extname(typed).slice(1).toLowerCase();
  if (form === "html" || form === "pdf" || form === "md") return { path: resolve(typed), form };
  throw new HoldfastError({
    code: "cli.usage.report",
    message: `the name ${typed} does not say which form the report should have`,
    advice: "Name a file that ends in .html, .pdf or .md.",
    details: { path: typed },
  });
}

/**
 * Writes a report whole or not at all: a reader never sees half of one. Raises `cli.report.exists` and
 * `cli.report.unwritten`.
 */
export async function writeReport(
  report: ReportDocument,
  { path, form }: ReportFile,
  { random, isOverwriteAllowed }: { readonly random: Random; readonly isOverwriteAllowed: boolean },
): Promise<void> {
  const bytes = await render(report, form);
  const partial = join(dirname(path), `.holdfast-${random.uuid()}.part`);
  // The empty file keeps the name: a rename would overwrite what somebody else wrote meanwhile.
  if (!isOverwriteAllowed) await writeNew(path, "");
  try {
    await writeNew(partial, bytes);
    await rename(partial, path);
  } catch (error) {
    if (!isOverwriteAllowed) await rm(path, { force: true });
    throw error instanceof HoldfastError ? error : explain(error, path);
  } finally {
    await rm(partial, { force: true });
  }
}

/** Names of people and addresses stand in a report, so it is its owner's alone. */
async function writeNew(path: string, bytes: string | Uint8Array): Promise<void> {
  try {
    await using file = await open(path, "wx", 0o600);
    await file.writeFile(bytes);
    await file.sync();
  } catch (error) {
    throw explain(error, path);
  }
}

async function render(report: ReportDocument, form: ReportFile["form"]): Promise<string | Uint8Array> {
  if (form === "md") return writeMarkdown(report);
  if (form === "html") return writeHtml(report);
  const { writePdf } = await import("./write-pdf.ts");
  return await writePdf(report);
}

function explain(error: unknown, path: string): HoldfastError {
  if (error instanceof Error && "code" in error && error.code === "EEXIST")
    return new HoldfastError({
      code: "cli.report.exists",
      message: `there is a file ${path} already`,
      advice: "Name another one, or overwrite it by --force.",
      details: { path },
      cause: error,
    });
  return new HoldfastError({
    code: "cli.report.unwritten",
    message: `the report ${path} cannot be written`,
    advice: "Check that its folder is there, and its rights and space.",
    details: { path },
    cause: error,
  });
}
