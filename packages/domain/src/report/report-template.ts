import { HoldfastError } from "@holdfast/kernel";

/** One line of a template that says something. */
export type TemplatePart =
  /** The text may hold `{application}` inside of a loop. */
  | { readonly kind: "heading"; readonly level: 1 | 2 | 3 | 4; readonly text: string }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "section"; readonly name: string }
  | { readonly kind: "each-application"; readonly parts: readonly TemplatePart[] };

/** Which sections there are: of the whole plan, and of one application. */
export interface SectionNames {
  readonly plan: readonly string[];
  readonly application: readonly string[];
}

/**
 * Reads a template: lines that begin with `#` are headings, lines such as `{scope}` stand for a section, `{each
 * application}` to `{end}` is repeated, and other lines are the organisation's own words. Raises `domain.template.invalid`
 * with the number of the line.
 */
export function parseReportTemplate(text: string, sections: SectionNames): readonly TemplatePart[] {
  const whole: TemplatePart[] = [];
  let loop: TemplatePart[] | null = null;
  let level = 0;
  let loopLine = 0;
  for (const [i, line] of text.split(/\r?\n/).entries()) {
    const trimmed = line.trim();
    const refuse = (problem: string, advice: string): HoldfastError => refused(i + 1, problem, advice);
    if (trimmed === "" || trimmed.startsWith("<!--")) continue;
    if (trimmed === "{each application}") {
      if (loop !== null) throw refuse("there is a loop inside of a loop", "End the first by {end}.");
      [loop, loopLine] = [[], i + 1];
    } else if (trimmed === "{end}") {
      if (loop === null) throw refuse("nothing is to end here", "Begin by {each application}.");
      whole.push({ kind: "each-application", parts: loop });
      loop = null;
    } else if (trimmed.startsWith("#")) {
      if (level === 0 && !/^#\s/.test(trimmed))
        throw refuse("the first heading is not the title", "Begin with a line such as: # Protection plan");
      const part = readHeading(trimmed, level, refuse);
      level = part.level;
      (loop ?? whole).push(part);
    } else (loop ?? whole).push(readLine(trimmed, loop === null ? sections.plan : sections.application, refuse));
  }
  if (loop !== null) throw refused(loopLine, "the loop has no end", "Add a line {end}.");
  if (whole[0]?.kind !== "heading")
    throw refused(1, "there is no title", "Begin with a line such as: # Protection plan");
  return whole;
}

type Refuse = (problem: string, advice: string) => HoldfastError;

function readHeading(line: string, before: number, refuse: Refuse): Extract<TemplatePart, { kind: "heading" }> {
  const [, signs = "", text = ""] = /^(#+)\s+(.*)$/.exec(line) ?? [];
  const level = signs.length;
  if (text === "") throw refuse("the heading has no text", "Write # and a space before it.");
  if (level > 4) throw refuse("a heading is deeper than four levels", "Use fewer #.");
  // A reader of screens goes from heading to heading; a level that is skipped looks like a part that is missing.
  if (level > before + 1) throw refuse(`the heading skips level ${before + 1}`, "Use fewer #.");
  if (before > 0 && level === 1) throw refuse("there is a second title", "Use ## for parts.");
  return { kind: "heading", level: level as 1 | 2 | 3 | 4, text };
}

function readLine(line: string, names: readonly string[], refuse: Refuse): TemplatePart {
  const name = /^\{\s*([^{}]*?)\s*\}$/.exec(line)?.[1];
  if (name === undefined) return { kind: "text", text: line };
  if (names.includes(name)) return { kind: "section", name };
  throw refuse(
    `there is no section {${name}} here`,
    `The sections here are ${names.map((one) => `{${one}}`).join(", ")}.`,
  );
}

function refused(line: number, problem: string, advice: string): HoldfastError {
  return new HoldfastError({
    code: "domain.template.invalid",
    message: `line ${line} of the template: ${problem}`,
    advice,
    details: { line },
  });
}
