import fc from "fast-check";
import { expect, test } from "vitest";
import { commands, heading, list, notice, paragraph, table } from "./report-document.ts";
import type { ReportBlock } from "./report-document.ts";
import { printableText } from "./printable-text.ts";
import { writeHtml } from "./write-html.ts";
import { writeMarkdown } from "./write-markdown.ts";

const text = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom(
    "<script>",
    "</td>",
    "<!--",
    "]]>",
    "a|b",
    "```",
    "# x",
    "1. x",
    "- x",
    "&lt;",
    "\u202eabc",
    "\0",
    "*b*",
  ),
);
const block: fc.Arbitrary<ReportBlock> = fc.oneof(
  text.map(paragraph),
  text.map(notice),
  fc.array(text, { minLength: 1, maxLength: 3 }).map(list),
  fc.array(text, { minLength: 1, maxLength: 3 }).map((lines) => commands(...lines)),
  fc.array(fc.tuple(text, text), { minLength: 1, maxLength: 3 }).map((rows) => table("t", ["a", "b"], rows, "")),
);
const build = (blocks: readonly ReportBlock[]) => ({
  title: "T",
  language: "en",
  generatedAtMs: 0,
  generator: "Holdfast",
  blocks: [heading(1, "T"), ...blocks],
});

test("no text makes or closes an element of a page", () => {
  fc.assert(
    fc.property(fc.array(block), (blocks) => {
      const tags = (html: string) => [...html.matchAll(/<[^>]*>/g)].map(([tag]) => tag);
      const plain = blocks.map((one) =>
        JSON.parse(JSON.stringify(one, (key, value) => (isText(key, value) ? "x" : value))),
      );
      expect(tags(writeHtml(build(blocks)))).toEqual(tags(writeHtml(build(plain))));
    }),
  );
});

function isText(key: string, value: unknown): boolean {
  return typeof value === "string" && key !== "kind";
}

test("no text adds a row or a cell to a table in Markdown, nor ends its line", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(text, text), { minLength: 1 }), (rows) => {
      const lines = writeMarkdown(build([table("t", ["a", "b"], rows, "")]))
        .trimEnd()
        .split("\n");
      expect(lines.length).toBe(2 + 2 + 2 + rows.length);
      for (const line of lines.slice(4)) expect(line.match(/(?<!\\)\|/g)).toHaveLength(3);
    }),
  );
});

test("commands in Markdown end where their fence does, whatever they hold", () => {
  fc.assert(
    fc.property(fc.array(text, { minLength: 1 }), (lines) => {
      const written = writeMarkdown(build([commands(...lines)]));
      const [, fence = "", inner = ""] = /\n(`{3,})sh\n([\s\S]*)\n\1\n$/.exec(written) ?? [];
      expect(inner).toBe(lines.map(printableText).join("\n"));
      expect(inner.includes(fence)).toBe(false);
    }),
  );
});

test("what is printed holds nothing that moves, hides or turns letters", () => {
  fc.assert(
    fc.property(text, (given) => {
      expect(printableText(given)).not.toMatch(/[\p{Cc}\u202a-\u202e\u2066-\u2069\u200b-\u200f]|\p{Cs}/u);
    }),
  );
  expect(printableText("a\r\n\tb\u202ec")).toBe("a b\ufffdc");
  const edges = ["\u061c", "\u200b", "\u200f", "\u202a", "\u202e", "\u2060", "\u2069", "\ufeff", "\ufff9", "\u{e0001}"];
  for (const sign of [...edges, "\0", "\u001b", "\u007f", "\u009f", "\ud800"])
    expect(printableText(sign)).toBe("\ufffd");
  for (const sign of ["é", "李", "א", "🚀", "\u2013", "\u00a0"]) expect(printableText(sign)).toBe(sign);
});
