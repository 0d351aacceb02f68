/**
 * What an error is for: a *failure* is something its caller or user can act on; a *fault* comes from the world
 * outside and may pass; a *bug* is ours and is never caught below the process edge.
 */
export type ErrorKind = "failure" | "fault" | "bug";

export interface HoldfastErrorInit {
  /** Stable dotted name, `package.object.problem`; listed in docs/errors.md, which a test compares. */
  readonly code: string;
  /** What failed on which object, in lower case, without blame and without secrets. */
  readonly message: string;
  /** What the reader can do next, as a sentence in the imperative. */
  readonly advice: string;
  readonly kind?: ErrorKind;
  /** True only where the same call, made again later and unchanged, may succeed. */
  readonly isRetryable?: boolean;
  /** Ids and sizes that scripts may read. Never secrets, SAS query strings or data. */
  readonly details?: Readonly<Record<string, string | number | boolean>>;
  readonly cause?: unknown;
}

/** The one base of every error that Holdfast raises itself. */
export class HoldfastError extends Error {
  readonly code: string;
  readonly advice: string;
  readonly kind: ErrorKind;
  readonly isRetryable: boolean;
  readonly details: Readonly<Record<string, string | number | boolean>>;

  constructor(init: HoldfastErrorInit) {
    super(init.message, init.cause === undefined ? undefined : { cause: init.cause });
    this.name = "HoldfastError";
    this.code = init.code;
    this.advice = init.advice;
    this.kind = init.kind ?? "failure";
    this.isRetryable = init.isRetryable ?? false;
    this.details = init.details ?? {};
  }
}

/** Raises a bug when a condition that the code relies on does not hold. Stays on in production. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (condition) return;
  throw new HoldfastError({
    code: "kernel.invariant",
    message: `invariant broken: ${message}`,
    advice: "Report this with the output of the command; nothing was changed after this point.",
    kind: "bug",
  });
}

/** Makes a `switch` over a union exhaustive at compile time, and loud at run time. */
export function assertNever(value: never): never {
  invariant(false, `unexpected value ${JSON.stringify(value)}`);
}

/** True where an error, or any error in its chain of causes, carries the code. */
export function hasErrorCode(error: unknown, code: string): boolean {
  for (let current = error, depth = 0; current instanceof Error && depth < 10; depth += 1) {
    if (current instanceof HoldfastError && current.code === code) return true;
    current = current.cause;
  }
  return false;
}
