/** One piece of a document to print, whatever it is written as. Texts are plain: each writer escapes them. */
export type ReportBlock =
  /** Level 1 is the title; levels are never skipped. */
  | { readonly kind: "heading"; readonly level: 1 | 2 | 3 | 4; readonly text: string }
  | { readonly kind: "paragraph"; readonly text: string }
  /** What must not be overlooked. */
  | { readonly kind: "notice"; readonly text: string }
  | { readonly kind: "list"; readonly isOrdered: boolean; readonly items: readonly string[] }
  /** The first column names the row. A row that is shorter than the head ends in empty cells. */
  | {
      readonly kind: "table";
      readonly caption: string;
      readonly head: readonly string[];
      readonly rows: readonly (readonly string[])[];
    }
  /** Lines to type, as they are. */
  | { readonly kind: "commands"; readonly lines: readonly string[] }
  | { readonly kind: "page-break" };

/** A document before it is written as a page, a print or a text. */
export interface ReportDocument {
  readonly title: string;
  /** BCP 47 tag of its language. */
  readonly language: string;
  readonly generatedAtMs: number;
  /** Who or what it was made by. */
  readonly generator: string;
  readonly blocks: readonly ReportBlock[];
}

export const heading = (level: 1 | 2 | 3 | 4, text: string): ReportBlock => ({ kind: "heading", level, text });
export const paragraph = (text: string): ReportBlock => ({ kind: "paragraph", text });
export const notice = (text: string): ReportBlock => ({ kind: "notice", text });
export const list = (items: readonly string[]): ReportBlock => ({ kind: "list", isOrdered: false, items });
export const steps = (items: readonly string[]): ReportBlock => ({ kind: "list", isOrdered: true, items });
export const commands = (...lines: readonly string[]): ReportBlock => ({ kind: "commands", lines });

/** A table, or a sentence where it would have no row: an empty table looks like a mistake. */
export function table(
  caption: string,
  head: readonly string[],
  rows: readonly (readonly string[])[],
  whenEmpty: string,
): ReportBlock {
  return rows.length === 0 ? paragraph(whenEmpty) : { kind: "table", caption, head, rows };
}
