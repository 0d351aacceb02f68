import { createRequire } from "node:module";
import { assertNever, formatInstant } from "@holdfast/kernel";
import { printableText } from "@holdfast/domain";
import type { ReportBlock, ReportDocument } from "@holdfast/domain";
import { open } from "fontkit";
import PDFDocument from "pdfkit";
import { missingLetters } from "./missing-letters.ts";
import type { LetterFont } from "./missing-letters.ts";
import { writePdfTable } from "./write-pdf-table.ts";

/** Points; 18 mm by 15 mm, which binders and punches leave alone. */
const margins = { top: 51, bottom: 51, left: 43, right: 43 };
const headingSizes = { 1: 20, 2: 15, 3: 12.5, 4: 10.5 } as const;
const textSize = 9;
const textFont = "dejavu-fonts-ttf/ttf/DejaVuSansCondensed.ttf";

/** What the parts of the writer draw on: the document, and the element that what they add is read in. */
export interface PdfPage {
  readonly pdf: PDFKit.PDFDocument;
  readonly root: PDFKit.PDFStructureElement;
  /** Points between the margins. */
  readonly width: number;
  /** The outline, and the last entry of each level in it. */
  readonly outline: PDFKit.PDFOutline[];
}

/**
 * Writes a document as a PDF of A4 pages that needs nothing else: its fonts are in it. It is tagged for readers of screens,
 * has an outline and page numbers.
 */
export async function writePdf(report: ReportDocument): Promise<Uint8Array> {
  const { title, language, generatedAtMs, generator } = report;
  const pdf = new PDFDocument({
    size: "A4",
    margins,
    bufferPages: true,
    pdfVersion: "1.7",
    lang: language,
    tagged: true,
    displayTitle: true,
    info: { Title: printableText(title), Creator: generator, CreationDate: new Date(generatedAtMs) },
  });
  const parts: Uint8Array[] = [];
  const whole = new Promise<Uint8Array>((resolve, reject) => {
    pdf.on("data", (part: Uint8Array) => parts.push(part));
    pdf.on("end", () => resolve(Buffer.concat(parts)));
    pdf.on("error", reject);
  });
  const { resolve } = createRequire(import.meta.url);
  pdf.registerFont("text", resolve(textFont));
  pdf.registerFont("bold", resolve("dejavu-fonts-ttf/ttf/DejaVuSansCondensed-Bold.ttf"));
  pdf.registerFont("mono", resolve("dejavu-fonts-ttf/ttf/DejaVuSansMono.ttf"));
  const root = pdf.struct("Document");
  pdf.addStructure(root);
  const page: PdfPage = { pdf, root, width: pdf.page.width - margins.left - margins.right, outline: [pdf.outline] };
  const missing = missingLetters(report, await openFont(resolve(textFont)));
  for (const block of [...report.blocks, ...missingNotice(missing)]) writeBlock(block, page);
  root.end();
  numberPages(page, `${printableText(title)}, ${formatInstant(generatedAtMs)}`);
  pdf.end();
  return await whole;
}

async function openFont(path: string): Promise<LetterFont> {
  const font = await open(path);
  if ("hasGlyphForCodePoint" in font) return font;
  throw new TypeError(`${path} is a collection of fonts`);
}

/** A name in boxes is a name that nobody can call: the reader must know that it is not what was entered. */
function missingNotice(letters: readonly string[]): readonly ReportBlock[] {
  if (letters.length === 0) return [];
  const codes = letters.map(
    (letter) => `U+${(letter.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`,
  );
  const more = codes.length > 20 ? ` and ${codes.length - 20} more` : "";
  const text = `Letters that the fonts of this print have not stand in it as boxes: ${codes.slice(0, 20).join(", ")}${more}. The page written as HTML has them.`;
  return [{ kind: "notice", text }];
}

function writeBlock(block: ReportBlock, page: PdfPage): void {
  const { pdf } = page;
  switch (block.kind) {
    case "heading":
      return writeHeading(block, page);
    case "paragraph":
      write("P", block.text, page);
      return;
    case "notice":
      write("P", block.text, page, { font: "bold", color: "#a00000" });
      return;
    case "list":
      return writeList(block, page);
    case "table":
      return writePdfTable(block, page);
    case "commands":
      for (const line of block.lines) write("Code", line, page, { font: "mono", size: 8, gap: 1 });
      pdf.moveDown(0.5);
      return;
    case "page-break":
      pdf.addPage();
      return;
  }
  assertNever(block);
}

function writeHeading({ level, text }: Extract<ReportBlock, { kind: "heading" }>, page: PdfPage): void {
  const { pdf, width } = page;
  const size = headingSizes[level];
  const shown = printableText(text);
  const heightPt = pdf.font("bold").fontSize(size).heightOfString(shown, { width });
  // A heading at the foot of a page, without what it heads, is read as the end of a part.
  const neededPt = heightPt + size + 4 * textSize;
  if (pdf.y + neededPt > pdf.page.height - margins.bottom) pdf.addPage();
  else if (pdf.y > margins.top) pdf.y += size * 0.8;
  if (level <= 3) addToOutline(page, level, shown);
  write(`H${level}`, text, page, { font: "bold", size, gap: size * 0.4 });
}

/** Adds an entry to the outline, below the last one of the level above. */
function addToOutline({ outline }: PdfPage, level: number, text: string): void {
  outline.length = Math.min(outline.length, level);
  const parent = outline.at(-1);
  if (parent !== undefined) outline.push(parent.addItem(text));
}

function writeList({ items, isOrdered }: Extract<ReportBlock, { kind: "list" }>, page: PdfPage): void {
  const { pdf, root } = page;
  const list = pdf.struct("L");
  root.add(list);
  for (const [i, item] of items.entries()) {
    const text = `${isOrdered ? `${i + 1}.` : "•"} ${item}`;
    write("LI", text, { ...page, root: list }, { indent: 10, gap: 2 });
  }
  list.end();
  pdf.moveDown(0.4);
}

interface Look {
  readonly font?: "text" | "bold" | "mono";
  readonly size?: number;
  readonly color?: string;
  readonly indent?: number;
  readonly gap?: number;
}

function write(type: string, text: string, { pdf, root, width }: PdfPage, look: Look = {}): void {
  const { font = "text", size = textSize, color = "#000000", indent = 0, gap = 4 } = look;
  const element = pdf.struct(type, {}, () => {
    pdf.font(font).fontSize(size).fillColor(color);
    pdf.text(printableText(text), margins.left + indent, pdf.y, { width: width - indent, lineGap: 1 });
  });
  root.add(element);
  element.end();
  pdf.fillColor("#000000");
  pdf.x = margins.left;
  pdf.y += gap;
}

/** Page numbers belong to the paper, not to what is read. */
function numberPages({ pdf, width }: PdfPage, text: string): void {
  const { start, count } = pdf.bufferedPageRange();
  for (let i = start; i < start + count; i += 1) {
    pdf.switchToPage(i);
    // Text below the margin would begin a new page.
    pdf.page.margins.bottom = 0;
    pdf.markContent("Artifact", { type: "Pagination" });
    pdf.font("text").fontSize(7).fillColor("#555555");
    const y = pdf.page.height - 34;
    pdf.text(text, margins.left, y, { width: width - 80, lineBreak: false });
    pdf.text(`page ${i - start + 1} of ${count}`, margins.left + width - 80, y, {
      width: 80,
      align: "right",
      lineBreak: false,
    });
    pdf.endMarkedContent();
  }
}
