import { assertNever, formatInstant } from "@holdfast/kernel";
import { printableText } from "./printable-text.ts";
import type { ReportBlock, ReportDocument } from "./report-document.ts";

/**
 * Writes a document as one page that needs nothing else: no script, no font, no picture, nothing fetched. It is marked up
 * for readers of screens, and has a form for paper.
 */
export function writeHtml({ title, language, generatedAtMs, generator, blocks }: ReportDocument): string {
  const contents = blocks.flatMap((block, i) =>
    block.kind === "heading" && (block.level === 2 || block.level === 3) ? [{ ...block, id: idOf(i) }] : [],
  );
  const links = contents.map(
    ({ level, text, id }) => `<li class="l${level}"><a href="#${id}">${escapeHtml(text)}</a></li>`,
  );
  const [first, ...rest] = blocks.map((block, i) => writeBlock(block, i));
  return `<!doctype html>
<html lang="${escapeHtml(language)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="generator" content="${escapeHtml(generator)}">
<title>${escapeHtml(title)}</title>
<style>
${styles}
</style>
</head>
<body>
<main>
${first ?? ""}
<nav aria-label="Contents">
<ul>
${links.join("\n")}
</ul>
</nav>
${rest.join("\n")}
</main>
<footer><p>${escapeHtml(generator)}, <time datetime="${formatInstant(generatedAtMs)}">${formatInstant(generatedAtMs)}</time></p></footer>
</body>
</html>
`;
}

function writeBlock(block: ReportBlock, index: number): string {
  switch (block.kind) {
    case "heading":
      return `<h${block.level} id="${idOf(index)}">${escapeHtml(block.text)}</h${block.level}>`;
    case "paragraph":
      return `<p>${escapeHtml(block.text)}</p>`;
    case "notice":
      return `<p class="notice"><strong>${escapeHtml(block.text)}</strong></p>`;
    case "list": {
      const name = block.isOrdered ? "ol" : "ul";
      return `<${name}>\n${block.items.map((item) => `<li>${escapeHtml(item)}</li>`).join("\n")}\n</${name}>`;
    }
    case "table":
      return writeTable(block);
    case "commands":
      return `<pre><code>${block.lines.map(escapeHtml).join("\n")}</code></pre>`;
    case "page-break":
      return '<div class="page-break"></div>';
  }
  return assertNever(block);
}

function writeTable({ caption, head, rows }: Extract<ReportBlock, { kind: "table" }>): string {
  const titles = head.map((title) => `<th scope="col">${escapeHtml(title)}</th>`).join("");
  const lines = rows.map((row) => {
    const cells = head.map((_, column) => escapeHtml(row[column] ?? ""));
    const [name, ...others] = cells;
    return `<tr><th scope="row">${name ?? ""}</th>${others.map((cell) => `<td>${cell}</td>`).join("")}</tr>`;
  });
  return `<table>
<caption>${escapeHtml(caption)}</caption>
<thead><tr>${titles}</tr></thead>
<tbody>
${lines.join("\n")}
</tbody>
</table>`;
}

function idOf(index: number): string {
  return `part-${index + 1}`;
}

const named: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

export function escapeHtml(text: string): string {
  return printableText(text).replaceAll(/[&<>"']/g, (sign) => named[sign] ?? sign);
}

const styles = `:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 68rem; padding: 1rem 1.5rem; }
h1, h2, h3, h4 { line-height: 1.2; margin: 2em 0 .5em; }
h1 { margin-top: .5em; }
table { border-collapse: collapse; margin: 1em 0; width: 100%; }
caption { font-weight: 600; padding: .25em 0; text-align: left; }
th, td { border: 1px solid #888; overflow-wrap: anywhere; padding: .3em .5em; text-align: left; vertical-align: top; }
thead th { background: #8883; }
tbody th { font-weight: 600; }
pre { border: 1px solid #888; overflow-x: auto; padding: .6em; white-space: pre-wrap; overflow-wrap: anywhere; }
.notice { border-left: .4rem solid #b00; padding: .3em .8em; }
nav ul { columns: 2; list-style: none; padding: 0; }
nav .l3 { padding-left: 1.2em; }
footer { border-top: 1px solid #888; font-size: .85rem; margin-top: 3em; }
@page { size: A4; margin: 18mm 15mm; }
@media print {
  body { font-size: 10pt; max-width: none; padding: 0; }
  a { color: inherit; text-decoration: none; }
  h1, h2, h3, h4, caption { break-after: avoid; }
  thead { display: table-header-group; }
  tr, pre, .notice { break-inside: avoid; }
  .page-break { break-after: page; }
}`;
