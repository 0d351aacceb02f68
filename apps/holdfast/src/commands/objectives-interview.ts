import { impactQuestions, objectiveFields, proposeObjectives } from "@holdfast/domain";
import type { ImpactAnswers, ImpactQuestion, ObjectiveProposal } from "@holdfast/domain";
import { hasErrorCode, HoldfastError } from "@holdfast/kernel";
import { accountName } from "../cli/account-name.ts";
import type { CommandContext, CommandHandler } from "../cli/context.ts";
import { momentAhead } from "../cli/moment.ts";
import type { Moment } from "../cli/moment.ts";
import { proposeChange } from "../cli/propose-change.ts";
import type { ChangeOptions } from "../cli/propose-change.ts";
import { readSmallFile } from "../cli/read-small-file.ts";
import { formatFields } from "../cli/table.ts";
import { parseAnswers, questionName, readAnswer } from "../selection/impact-answers.ts";
import { noteUnknownApplication } from "../selection/known-application.ts";

export interface InterviewInput extends ChangeOptions {
  readonly application: string;
  readonly applicationTag: string;
  /** Answers as typed, by the names of the questions. */
  readonly typed: Readonly<Record<string, string>>;
  readonly answers?: string;
  readonly timeZone: string;
  readonly reviewIn: Moment;
}

/**
 * Proposes objectives from the impact interview, and enters them where that is agreed to. Asks at the terminal where no
 * answer was given by options or by a file.
 */
export const runInterview: CommandHandler<InterviewInput> = async (input, context) => {
  const { services, output } = context;
  const { application } = input;
  const nowMs = services.clock.now();
  await using catalog = await services.openCatalog();
  await noteUnknownApplication(catalog, application, input.applicationTag, output);
  const answers = await answersOf(input, context);
  const { reasons, unanswered, ...objectives } = proposeObjectives(answers, input.timeZone);
  const reviewByMs = momentAhead(input.reviewIn, nowMs);
  const plan = { application, answers, proposal: { ...objectives, reasons, unanswered }, reviewByMs };
  const text = describeProposal(application, plan.proposal, reviewByMs);
  const question = `Enter these as the objectives of ${application}?`;
  if (!(await proposeChange({ plan, text, question }, input, context))) return;
  const entered = await catalog.recordDecisions(
    application,
    [
      { kind: "interviewed", answers },
      {
        kind: "objectives-set",
        objectives,
        reviewByMs,
        reasons: reasons.map((reason) => `${reason.of}: ${reason.text}`),
      },
    ],
    accountName(services.environment),
  );
  output.result({ ...plan, number: entered.objectivesNumber }, () => afterEntering(application));
};

function afterEntering(application: string): string {
  return `Entered. They are nobody's until their owner signs them: holdfast objectives sign ${application} --by NAME`;
}

async function answersOf({ typed, answers: file }: InterviewInput, context: CommandContext): Promise<ImpactAnswers> {
  const fromFile = file === undefined ? {} : parseAnswers(await readSmallFile(file), file);
  const fromOptions = Object.assign(
    {},
    ...impactQuestions.flatMap((question) => {
      const text = typed[questionName(question.id)];
      return text === undefined ? [] : [readAnswer(question, text)];
    }),
  ) as ImpactAnswers;
  if (file !== undefined || Object.keys(fromOptions).length > 0) return { ...fromFile, ...fromOptions };
  if (!context.terminal.isInteractive)
    throw new HoldfastError({
      code: "cli.input.needed",
      message: "the interview has questions, and there is no terminal to ask on",
      advice: "Give the answers by options, or by --answers FILE.",
    });
  return await askAll(context);
}

async function askAll(context: CommandContext): Promise<ImpactAnswers> {
  context.output.note("An empty answer leaves a question open; it is then taken at its most cautious answer.");
  let answers: ImpactAnswers = {};
  for (const question of impactQuestions) answers = { ...answers, ...(await ask(question, context)) };
  return answers;
}

async function ask(question: ImpactQuestion, { terminal, output, signal }: CommandContext): Promise<ImpactAnswers> {
  const shown = describeQuestion(question);
  for (;;) {
    const typed = await terminal.ask(shown, { signal });
    if (typed.trim() === "") return {};
    try {
      return readAnswer(question, typed);
    } catch (error) {
      if (!hasErrorCode(error, "cli.usage.answer")) throw error;
      output.note((error as HoldfastError).advice);
    }
  }
}

function describeQuestion({ text, decides, answer }: ImpactQuestion): string {
  const choices =
    answer.kind === "choice"
      ? answer.choices.map((choice, i) => `\n  ${i + 1}  ${choice.value}: ${choice.text}`).join("")
      : "";
  const hint = { choice: "number or word", duration: "such as 4h", money: "amount", text: "name" }[answer.kind];
  return `\n${text} (It decides ${decides}.)${choices}\n${hint}: `;
}

function describeProposal(application: string, proposal: ObjectiveProposal, reviewByMs: number): string {
  const { reasons, unanswered } = proposal;
  return [
    `\nProposed for ${application}:\n`,
    formatFields(objectiveFields({ ...proposal, reviewByMs })),
    "because:\n",
    ...reasons.map(({ of, text }) => `  ${of}: ${text}\n`),
    ...(unanswered.length === 0 ? [] : [`open, and taken cautiously: ${unanswered.map(questionName).join(", ")}\n`]),
  ].join("");
}
