import { impactQuestions } from "@holdfast/domain";
import { expect, test } from "vitest";
import { questionName } from "../selection/impact-answers.ts";
import { interviewOptions } from "./interview-options.ts";

test("the options of the interview are its questions, in their order, with their choices", () => {
  const questions = impactQuestions.map(({ id, text, answer }) => ({
    name: questionName(id),
    text,
    ...(answer.kind === "choice"
      ? { value: "word", choices: answer.choices.map(({ value }) => value) }
      : { value: answer.kind }),
  }));
  expect(interviewOptions).toEqual(questions);
});
