import { confirm } from "./confirm.ts";
import type { CommandContext } from "./context.ts";

/** The options of every command that shows what it would enter before it enters it. */
export interface ChangeOptions {
  readonly planOnly?: boolean;
  readonly yes?: boolean;
}

/**
 * Shows a change, asks, and makes it. Answers false where only the plan was wanted. With `--json` the shown text goes to
 * the error stream, so that the answer stream holds one value.
 */
export async function proposeChange(
  change: { readonly plan: unknown; readonly text: string; readonly question: string },
  { planOnly, yes }: ChangeOptions,
  context: CommandContext,
): Promise<boolean> {
  const { output } = context;
  if (planOnly === true) {
    output.result(change.plan, () => change.text);
    return false;
  }
  if (!output.isJson || yes !== true) output.note(change.text.trimEnd());
  await confirm(change.question, yes ?? false, context);
  return true;
}
