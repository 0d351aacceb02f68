import { HoldfastError } from "@holdfast/kernel";

/** What a script can rely on. A new meaning gets a new number; these never change theirs. */
export const exitCodes = {
  ok: 0,
  error: 1,
  usage: 2,
  partial: 3,
  changed: 4,
  notFound: 10,
  busy: 11,
  auth: 12,
  breached: 20,
  unproven: 21,
  interrupted: 130,
} as const;

/** Code or ending of a code, and the exit code that it means. The first match counts. */
const rules: readonly (readonly [RegExp, number])[] = [
  [/^cli\.run\.interrupted$/, exitCodes.interrupted],
  [/^cli\.(usage|passphrase|secret|input)\.|^cli\..*\.(ambiguous|unnamed)$/, exitCodes.usage],
  [/\.(busy|locked)$/, exitCodes.busy],
  [/\.(not-found|unknown)$/, exitCodes.notFound],
  [/^stackhub\.(identity|token|auth)\./, exitCodes.auth],
  [/^stackhub\..*\.(forbidden|unauthorized|unauthorised)$/, exitCodes.auth],
  [/^repository\.(passphrase|key|share)\.(wrong|mistyped|mixed|too-few|fips)/, exitCodes.auth],
  [/^repository\..*\.(damaged|missing)$/, exitCodes.unproven],
];

/** The exit code of an error: by the code nearest to the user, or of one in its chain of causes that has a rule. */
export function exitCodeOf(error: unknown): number {
  for (let current = error, depth = 0; current instanceof Error && depth < 10; depth += 1) {
    if (current instanceof HoldfastError) {
      const { code } = current;
      const rule = rules.find(([pattern]) => pattern.test(code));
      if (rule !== undefined) return rule[1];
    }
    current = current.cause;
  }
  return exitCodes.error;
}
