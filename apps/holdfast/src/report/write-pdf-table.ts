import { printableText } from "@holdfast/domain";
import type { ReportBlock } from "@holdfast/domain";
import type { PdfPage } from "./write-pdf.ts";

type Table = Extract<ReportBlock, { kind: "table" }>;

const padding = 3;
const size = 7.5;
/** Points; a column is never narrower, however long the others are. */
const leastWidth = 34;

/** Draws a table over as many pages as it takes; its head stands on each of them. */
export function writePdfTable({ caption, head, rows }: Table, page: PdfPage): void {
  const { pdf, root } = page;
  const bottom = (): number => pdf.page.height - pdf.page.margins.bottom;
  const widths = columnWidths([head, ...rows], page);
  const headHeight = rowHeight(head, widths, page, "bold");
  if (pdf.y + headHeight * 2 + 30 > bottom()) pdf.addPage();
  const table = pdf.struct("Table");
  root.add(table);
  const named = pdf.struct("Caption", {}, () => {
    pdf.font("bold").fontSize(8.5).text(printableText(caption), pdf.page.margins.left, pdf.y, { width: page.width });
  });
  table.add(named);
  named.end();
  pdf.y += 2;
  const inTable = { ...page, root: table };
  drawRow({ cells: head, widths, heightPt: headHeight, isHead: true }, inTable);
  for (const row of rows) {
    const cells = head.map((_, column) => row[column] ?? "");
    const heightPt = rowHeight(cells, widths, page, "text");
    if (pdf.y + heightPt > bottom()) {
      pdf.addPage();
      // The head is read once; where it is repeated it belongs to the paper.
      pdf.markContent("Artifact", { type: "Layout" });
      drawCells({ cells: head, widths, heightPt: headHeight, isHead: true }, page, (_type, draw) => draw());
      pdf.endMarkedContent();
      pdf.y += headHeight;
    }
    // A row that is taller than a page is cut where the page ends: no cell of a report is so long but by malice.
    const room = bottom() - pdf.y;
    drawRow({ cells, widths, heightPt: Math.min(heightPt, room), isHead: false }, inTable);
  }
  table.end();
  pdf.x = pdf.page.margins.left;
  pdf.y += 8;
}

interface Row {
  readonly cells: readonly string[];
  readonly widths: readonly number[];
  readonly heightPt: number;
  readonly isHead: boolean;
}

function drawRow(row: Row, page: PdfPage): void {
  const { pdf, root } = page;
  const line = pdf.struct("TR");
  root.add(line);
  drawCells(row, page, (type, draw) => {
    const cell = pdf.struct(type, {}, draw);
    line.add(cell);
    cell.end();
  });
  line.end();
  pdf.y += row.heightPt;
}

function drawCells(
  { cells, widths, heightPt, isHead }: Row,
  { pdf }: PdfPage,
  add: (type: "TH" | "TD", draw: () => void) => void,
): void {
  let x = pdf.page.margins.left;
  const { y } = pdf;
  for (const [column, text] of cells.entries()) {
    const width = widths[column] ?? leastWidth;
    const [left, isName] = [x, column === 0];
    add(isHead || isName ? "TH" : "TD", () => {
      pdf.lineWidth(0.4).strokeColor("#888888");
      if (isHead) pdf.rect(left, y, width, heightPt).fillAndStroke("#e8e8e8", "#888888");
      else pdf.rect(left, y, width, heightPt).stroke();
      pdf
        .fillColor("#000000")
        .font(isHead ? "bold" : "text")
        .fontSize(size);
      pdf.text(breakable(text), left + padding, y + padding, {
        width: width - 2 * padding,
        height: Math.max(size, heightPt - 2 * padding + 1),
        ellipsis: true,
      });
    });
    x += width;
  }
  pdf.y = y;
}

function rowHeight(
  cells: readonly string[],
  widths: readonly number[],
  { pdf }: PdfPage,
  font: "text" | "bold",
): number {
  pdf.font(font).fontSize(size);
  const heights = cells.map((text, column) =>
    pdf.heightOfString(breakable(text), { width: (widths[column] ?? leastWidth) - 2 * padding }),
  );
  return Math.max(...heights) + 2 * padding;
}

/** Rows that decide how wide columns are: the first tell as much as ten thousand. */
const sampledRows = 500;

/** Widths by the longest word and the mean length of each column, over the whole width of the page. */
function columnWidths(rows: readonly (readonly string[])[], { width }: PdfPage): readonly number[] {
  const sample = rows.slice(0, sampledRows);
  const weights = (rows[0] ?? [""]).map((_, column) => {
    const texts = sample.map((row) => row[column] ?? "");
    const mean = texts.reduce((sum, text) => sum + Math.min(200, text.length), 0) / texts.length;
    const words = texts.flatMap((text) => text.split(/\s/));
    const longest = words.reduce((most, word) => Math.max(most, Math.min(20, word.length)), 4);
    return Math.max(mean ** 0.75 * 1.5, longest);
  });
  const sum = weights.reduce((total, one) => total + one, 0);
  const wanted = weights.map((weight) => Math.max(leastWidth, (weight / sum) * width));
  const total = wanted.reduce((all, one) => all + one, 0);
  return wanted.map((one) => (one / total) * width);
}

/** Letters of the longest word that is left whole. */
const longestWord = 30;

/** Words that no line takes are cut: the library lets them run over the edge. */
function breakable(text: string): string {
  return printableText(text)
    .split(" ")
    .map((word) => (word.length > longestWord ? (word.match(/.{1,20}/gsu) ?? []).join("\u200b") : word))
    .join(" ");
}
