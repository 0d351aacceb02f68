import { HoldfastError } from "@holdfast/kernel";

const damageAdvice = "Run a check, and restore from another copy of the repository or another point.";

/** Makes the error of an object that does not hold what was written. */
export function damaged(code: string, object: string, reason: string, cause?: unknown): HoldfastError {
  return new HoldfastError({ code, message: `${object}: ${reason}`, advice: damageAdvice, details: { object }, cause });
}

/** Makes the error of a chunk whose bytes are wrong. */
export function damagedChunk(object: string, reason: string, cause?: unknown): HoldfastError {
  return damaged("repository.chunk.damaged", object, reason, cause);
}

/** Makes the error of a chunk that no readable index or pack holds. */
export function missingChunk(object: string, cause?: unknown): HoldfastError {
  return damaged("repository.chunk.missing", object, "not in the repository", cause);
}
