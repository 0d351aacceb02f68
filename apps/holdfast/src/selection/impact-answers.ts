import { impactQuestions } from "@holdfast/domain";
import type { ImpactAnswers, ImpactQuestion, ImpactQuestionId } from "@holdfast/domain";
import { HoldfastError } from "@holdfast/kernel";
import { parseDuration } from "../cli/duration.ts";

/** Names of the questions on the command line and in a file of answers: those of the answers, in kebab case without units. */
export function questionName(id: ImpactQuestionId): string {
  return id.replace(/Ms$/, "").replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** Reads one answer in words; raises `cli.usage.answer` for what is none. */
export function readAnswer(question: ImpactQuestion, typed: string): ImpactAnswers {
  const text = typed.trim();
  const { id, answer } = question;
  switch (answer.kind) {
    case "choice": {
      const choice = answer.choices.find(({ value }, i) => value === text.toLowerCase() || String(i + 1) === text);
      if (choice === undefined)
        throw wrongAnswer(question, typed, `Give one of ${answer.choices.map(({ value }) => value).join(", ")}.`);
      return { [id]: choice.value };
    }
    case "duration":
      return { [id]: readSpan(question, text) };
    case "money": {
      const value = /^\d{1,12}(\.\d{1,2})?$/.test(text) ? Number(text) : Number.NaN;
      if (Number.isNaN(value)) throw wrongAnswer(question, typed, "Give an amount, such as 1500.");
      return { [id]: value };
    }
    case "text":
      if (text === "" || text.length > 200) throw wrongAnswer(question, typed, "Give a name of 200 letters at most.");
      return { [id]: text };
  }
}

function readSpan(question: ImpactQuestion, text: string): number {
  if (text === "0") return 0;
  try {
    return parseDuration(text);
  } catch (error) {
    if (!(error instanceof Error && error.name === "InvalidArgumentError")) throw error;
    throw wrongAnswer(question, text, "Give 0, or a number and m, h, d, w, mo or y, such as 4h.");
  }
}

/** Reads the answers of a file: a JSON object of texts and numbers by the names of the questions. */
export function parseAnswers(text: string, file: string): ImpactAnswers {
  const value = readObject(text, file);
  return Object.entries(value).reduce<ImpactAnswers>((answers, [name, given]) => {
    const question = impactQuestions.find(({ id }) => questionName(id) === name);
    if (question === undefined || (typeof given !== "string" && typeof given !== "number"))
      throw new HoldfastError({
        code: "cli.usage.answers-file",
        message: `${file}: ${question === undefined ? `no question is called ${name}` : `the answer to ${name} is neither text nor number`}`,
        advice: `The questions are ${impactQuestions.map(({ id }) => questionName(id)).join(", ")}.`,
        details: { file, name },
      });
    return { ...answers, ...readAnswer(question, String(given)) };
  }, {});
}

function readObject(text: string, file: string): object {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new HoldfastError({
    code: "cli.usage.answers-file",
    message: `${file} is not a JSON object`,
    advice: 'Write one such as {"stoppage": "all-work", "by-hand": "2h"}.',
    details: { file },
  });
}

function wrongAnswer({ id }: ImpactQuestion, typed: string, advice: string): HoldfastError {
  return new HoldfastError({
    code: "cli.usage.answer",
    message: `"${typed.slice(0, 60)}" is no answer to ${questionName(id)}`,
    advice,
    details: { question: questionName(id) },
  });
}
