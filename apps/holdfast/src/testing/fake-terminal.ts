import { Secret } from "@holdfast/kernel";
import type { Terminal } from "../cli/terminal.ts";

export interface FakeTerminal extends Terminal {
  readonly out: () => string;
  readonly err: () => string;
  readonly questions: readonly string[];
  /** Exit codes by which the process would have been left at once. */
  readonly left: readonly number[];
  interrupt(): void;
}

/** A terminal with a person who gives these answers in turn. */
export function createFakeTerminal(answers: readonly string[] = []): FakeTerminal {
  const text = { out: "", err: "" };
  const waiting = [...answers];
  const questions: string[] = [];
  const left: number[] = [];
  const listeners = new Set<() => void>();
  const ask = async (question: string): Promise<string> => {
    questions.push(question);
    const answer = waiting.shift();
    if (answer === undefined) throw new Error(`nobody answers: ${question}`);
    return answer;
  };
  return {
    isInteractive: true,
    canRedraw: true,
    columns: 80,
    writeOut: (part) => void (text.out += part),
    writeErr: (part) => void (text.err += part),
    ask,
    askHidden: async (question) => new Secret(await ask(question)),
    onInterrupt(listener) {
      listeners.add(listener);
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },
    leave: (exitCode) => void left.push(exitCode),
    out: () => text.out,
    err: () => text.err,
    questions,
    left,
    interrupt: () => listeners.forEach((listener) => listener()),
  };
}
