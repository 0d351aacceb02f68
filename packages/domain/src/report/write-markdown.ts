import { assertNever } from "@holdfast/kernel";
import { printableText } from "./printable-text.ts";
import type { ReportBlock, ReportDocument } from "./report-document.ts";

/** Writes a document as GitHub-flavoured Markdown. */
export function writeMarkdown({ blocks }: ReportDocument): string {
  return `${blocks
    .map(writeBlock)
    .filter((text) => text !== "")
    .join("\n\n")}\n`;
}

function writeBlock(block: ReportBlock): string {
  switch (block.kind) {
    case "heading":
      return `${"#".repeat(block.level)} ${escapeMarkdown(block.text)}`;
    case "paragraph":
      return escapeLine(block.text);
    case "notice":
      return `> **${escapeLine(block.text)}**`;
    case "list":
      return block.items.map((item, i) => `${block.isOrdered ? `${i + 1}.` : "-"} ${escapeLine(item)}`).join("\n");
    case "table":
      return writeTable(block);
    case "commands":
      return writeCommands(block.lines);
    case "page-break":
      return "";
  }
  return assertNever(block);
}

function writeTable({ caption, head, rows }: Extract<ReportBlock, { kind: "table" }>): string {
  const line = (cells: readonly string[]): string =>
    `| ${head.map((_, column) => escapeMarkdown(cells[column] ?? "")).join(" | ")} |`;
  const rule = `| ${head.map(() => "---").join(" | ")} |`;
  return [`**${escapeMarkdown(caption)}**`, "", line(head), rule, ...rows.map(line)].join("\n");
}

/** The fence is longer than any run of its sign inside. */
function writeCommands(lines: readonly string[]): string {
  const text = lines.map(printableText).join("\n");
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}sh\n${text}\n${fence}`;
}

/** Escapes what Markdown or HTML would take for its own. An underscore inside of a word is none of its signs. */
export function escapeMarkdown(text: string): string {
  return printableText(text)
    .replaceAll(/[\\`*[\]<>|~&]/g, (sign) => (sign === "&" ? "&amp;" : `\\${sign}`))
    .replaceAll(/(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, "\\_")
    .trim();
}

/** As `escapeMarkdown`, for text that begins a line, where more signs count. */
function escapeLine(text: string): string {
  return escapeMarkdown(text)
    .replace(/^([#+=-])/, "\\$1")
    .replace(/^(\d{1,9})([.)])/, "$1\\$2");
}
