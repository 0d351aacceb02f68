import { HoldfastError } from "@holdfast/kernel";
import { applicationSections } from "./application-sections.ts";
import type { PlanModel, PlannedApplication } from "./plan-model.ts";
import { frontBlocks, planSections } from "./plan-sections.ts";
import { heading, paragraph } from "./report-document.ts";
import type { ReportBlock, ReportDocument } from "./report-document.ts";
import { parseReportTemplate } from "./report-template.ts";
import type { TemplatePart } from "./report-template.ts";

/** Names of the sections that a template may use, of the plan and of one application. */
export const planSectionNames = {
  plan: ["front", ...Object.keys(planSections)],
  application: Object.keys(applicationSections),
} as const;

/**
 * Puts a plan under the headings of a template. Raises `domain.template.invalid`. The count of what is unclassified stands
 * behind the title whatever the template says, and sections that it leaves out are named at the end.
 */
export function writePlan(model: PlanModel, template: string, generator: string): ReportDocument {
  const parts = parseReportTemplate(template, planSectionNames);
  const [title, ...rest] = parts;
  if (title?.kind !== "heading")
    throw new HoldfastError({
      code: "domain.template.invalid",
      message: "line 1 of the template: there is no title",
      advice: "Begin with a line such as: # Protection plan",
      details: { line: 1 },
    });
  const blocks = [
    heading(1, title.text),
    ...frontBlocks(model),
    ...rest.flatMap((part) => writePart(part, model)),
    ...leftOutOf(parts),
  ];
  return { title: title.text, language: "en", generatedAtMs: model.generatedAtMs, generator, blocks };
}

function writePart(part: TemplatePart, model: PlanModel): readonly ReportBlock[] {
  switch (part.kind) {
    case "heading":
      return [heading(part.level, part.text)];
    case "text":
      return [paragraph(part.text)];
    case "section":
      // The front stands behind the title already.
      return planSections[part.name]?.(model) ?? [];
    case "each-application":
      return model.applications.flatMap((one) => part.parts.flatMap((inner) => writeInner(inner, one, model)));
  }
}

function writeInner(part: TemplatePart, one: PlannedApplication, model: PlanModel): readonly ReportBlock[] {
  const fill = (text: string): string => text.replaceAll("{application}", () => one.application.name);
  switch (part.kind) {
    case "heading":
      return [heading(part.level, fill(part.text))];
    case "text":
      return [paragraph(fill(part.text))];
    case "section":
      return applicationSections[part.name]?.(one, model) ?? [];
    case "each-application":
      return [];
  }
}

/** An auditor must see what a template hides. */
function leftOutOf(parts: readonly TemplatePart[]): readonly ReportBlock[] {
  const used = (list: readonly TemplatePart[]) =>
    new Set(list.flatMap((one) => (one.kind === "section" ? [one.name] : [])));
  const ofPlan = used(parts);
  const loops = parts.flatMap((one) => (one.kind === "each-application" ? one.parts : []));
  const ofApplication = used(loops);
  const missing = [
    ...Object.keys(planSections).filter((name) => !ofPlan.has(name)),
    ...Object.keys(applicationSections)
      .filter((name) => !ofApplication.has(name))
      .map((name) => `${name} of each application`),
  ];
  return missing.length === 0 ? [] : [paragraph(`The template of this plan leaves out: ${missing.join(", ")}.`)];
}
