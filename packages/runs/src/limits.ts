import { HoldfastError } from "@holdfast/kernel";
import type { StartRequest } from "./run-engine.ts";

/**
 * Bounds of what a run may hand to an engine. They keep a journal readable in one go (a replay loads it whole), and a
 * database from being a store of data.
 */
export const runLimits = {
  payloadBytes: 256 * 1024,
  nameLength: 200,
  steps: 10_000,
  priority: 1_000_000,
  /** Ten years: longer is a mistake in units. */
  delayMs: 10 * 366 * 24 * 3_600_000,
} as const;

export const defaultPriority = 100;

/** Recoveries after which a run is taken for one that kills its workers. */
export const maxRecoveries = 20;

/** Raises `runs.name.invalid` for a name or id that is empty, long, or not printable. */
export function checkName(what: string, name: string): void {
  if (name.length > 0 && name.length <= runLimits.nameLength && !/\p{Cc}/u.test(name)) return;
  throw new HoldfastError({
    code: "runs.name.invalid",
    message: `${what} must have 1 to ${runLimits.nameLength} printable characters`,
    advice: "Shorten it, or take a digest of it.",
    details: { what, length: name.length },
  });
}

/** Raises `runs.number.invalid` for what is no whole number within bounds. */
export function checkWhole(what: string, value: number, lowest: number, highest: number): void {
  if (Number.isSafeInteger(value) && value >= lowest && value <= highest) return;
  throw new HoldfastError({
    code: "runs.number.invalid",
    message: `${what} must be a whole number from ${lowest} to ${highest}, and is ${value}`,
    advice: "Correct the number.",
    details: { what, value, lowest, highest },
  });
}

/** The JSON text of a value; absent is null. Raises `runs.payload.too-large` and `runs.payload.not-json`. */
export function encodePayload(what: string, value: unknown): string {
  const text = toJson(what, value);
  const sizeBytes = Buffer.byteLength(text);
  if (sizeBytes <= runLimits.payloadBytes) return text;
  throw new HoldfastError({
    code: "runs.payload.too-large",
    message: `${what} has ${sizeBytes} bytes as JSON; ${runLimits.payloadBytes} is the most`,
    advice: "Keep it elsewhere, and hand on where it is.",
    details: { what, sizeBytes, limitBytes: runLimits.payloadBytes },
  });
}

function toJson(what: string, value: unknown): string {
  try {
    return JSON.stringify(value ?? null) ?? "null";
  } catch (error) {
    throw new HoldfastError({
      code: "runs.payload.not-json",
      message: `${what} cannot be written as JSON`,
      advice: "Hand on plain data, without bigint and without circles.",
      details: { what },
      cause: error,
    });
  }
}

/** Checks all of a start but its payload. */
export function checkStart(request: StartRequest): void {
  checkName("the name of a workflow", request.workflow.name);
  checkWhole("the version of a workflow", request.workflow.version, 1, 1_000_000);
  if (request.runId !== undefined) checkName("the id of a run", request.runId);
  if (request.deduplicationId !== undefined) checkName("a deduplication id", request.deduplicationId);
  if (request.partition !== undefined) checkName("a partition", request.partition);
  checkWhole("a priority", request.priority ?? defaultPriority, 0, runLimits.priority);
  checkWhole("a delay in milliseconds", request.delayMs ?? 0, 0, runLimits.delayMs);
  if (request.runId === undefined || request.deduplicationId === undefined) return;
  throw new HoldfastError({
    code: "runs.start.two-ids",
    message: "a start has a run id or a deduplication id, not both",
    advice: "Leave one of them out.",
    kind: "bug",
  });
}
