import { printableText } from "@holdfast/domain";
import type { ReportBlock, ReportDocument } from "@holdfast/domain";

/** What tells whether a font has a letter. */
export interface LetterFont {
  hasGlyphForCodePoint(codePoint: number): boolean;
}

/** The letters of a document that a font has not, as single code points, each once, in the order in which they come. */
export function missingLetters({ blocks }: ReportDocument, font: LetterFont): readonly string[] {
  const letters = new Set(blocks.flatMap(textsOf).flatMap((text) => Array.from(printableText(text))));
  return [...letters].filter((letter) => !font.hasGlyphForCodePoint(letter.codePointAt(0) ?? 0));
}

function textsOf(block: ReportBlock): readonly string[] {
  switch (block.kind) {
    case "heading":
    case "paragraph":
    case "notice":
      return [block.text];
    case "list":
      return block.items;
    case "table":
      return [block.caption, ...block.head, ...block.rows.flat()];
    case "commands":
      return block.lines;
    case "page-break":
      return [];
  }
}
