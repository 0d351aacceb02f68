import { HoldfastError } from "@holdfast/kernel";
import type { CommandContext } from "./context.ts";

/** Asks before something is made or changed on a stamp. `--yes` answers for scripts; silence is never consent. */
export async function confirm(
  question: string,
  isYesGiven: boolean,
  { terminal, signal }: CommandContext,
): Promise<void> {
  if (isYesGiven) return;
  if (!terminal.isInteractive) {
    throw new HoldfastError({
      code: "cli.input.needed",
      message: "this needs a yes, and there is no terminal to ask on",
      advice: "Look at the plan with --plan-only, then run the command with --yes.",
    });
  }
  const answer = await terminal.ask(`${question} [y/N] `, { signal });
  if (/^y(es)?$/i.test(answer.trim())) return;
  throw new HoldfastError({
    code: "cli.input.declined",
    message: "the answer was no; nothing was changed",
    advice: "Change the options and run the command again.",
  });
}
