import { HoldfastError } from "@holdfast/kernel";
import { exitCodeOf } from "./exit-codes.ts";

/** The JSON form of an error. Field names are a promise to scripts. */
export interface RenderedError {
  readonly code: string;
  readonly message: string;
  readonly advice: string;
  readonly details: Readonly<Record<string, string | number | boolean>>;
  readonly causes: readonly string[];
  readonly isRetryable: boolean;
  readonly exitCode: number;
}

/** Query strings can carry a SAS; whatever wrote them into a text, they do not leave here. */
function withoutQueries(text: string): string {
  return text.replaceAll(/([?&](?:sig|se|sp|sv|sr|st|spr|skoid|sktid)=)[^&\s"')]+/gi, "$1…");
}

/** Turns any error into what a user sees. A plain error is a bug of ours and says so. */
export function renderError(error: unknown): RenderedError {
  const causes: string[] = [];
  for (let cause = error instanceof Error ? error.cause : undefined; cause instanceof Error && causes.length < 5;) {
    causes.push(withoutQueries(cause instanceof HoldfastError ? `${cause.code}: ${cause.message}` : cause.message));
    cause = cause.cause;
  }
  if (error instanceof HoldfastError) {
    const { code, advice, details, isRetryable } = error;
    const shown = Object.fromEntries(
      Object.entries(details).map(([key, value]) => [key, typeof value === "string" ? withoutQueries(value) : value]),
    );
    const message = withoutQueries(error.message);
    return { code, message, advice, details: shown, causes, isRetryable, exitCode: exitCodeOf(error) };
  }
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return {
    code: "cli.unexpected",
    message: `something unexpected happened: ${withoutQueries(text)}`,
    advice: "Report this with the command and its output; run `holdfast janitor` to remove what it may have left.",
    details: {},
    causes,
    isRetryable: false,
    exitCode: exitCodeOf(error),
  };
}

/** Code, sentence, causes, and what to do next: one line each. */
export function formatError(rendered: RenderedError): string {
  const lines = [`error ${rendered.code}: ${rendered.message}`];
  for (const cause of rendered.causes) lines.push(`  because: ${cause}`);
  lines.push(`  next: ${rendered.advice}`);
  return `${lines.join("\n")}\n`;
}
