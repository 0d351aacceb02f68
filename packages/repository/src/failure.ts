import { HoldfastError } from "@holdfast/kernel";

const damageAdvice = "Run a check, and restore from another copy of the repository or another point.";

// The codes that are handed to `damaged`, for the test that compares them with docs/errors:
// code: repository.config.damaged
// code: repository.key-slot.damaged
// code: repository.manifest.damaged
// code: repository.index.damaged
// code: repository.pack.damaged
// code: repository.chunk.damaged
// code: repository.chunk.missing
// code: repository.object.unreadable
// code: repository.epoch.damaged
// code: repository.mark.damaged

/** Makes the error of an object that does not hold what was written. */
export function damaged(code: string, object: string, reason: string, cause?: unknown): HoldfastError {
  return new HoldfastError({ code, message: `${object}: ${reason}`, advice: damageAdvice, details: { object }, cause });
}

/** Makes the error of a chunk whose bytes are wrong. */
export function damagedChunk(object: string, reason: string, cause?: unknown): HoldfastError {
  return damaged("repository.chunk.damaged", object, reason, cause);
}

/** Makes the error of a chunk that no readable index or pack holds. */
export function missingChunk(object: string, reason = "not in the repository", cause?: unknown): HoldfastError {
  return damaged("repository.chunk.missing", object, reason, cause);
}

/** Makes the error of a whole object that the store has but cannot hand out, such as on a bad sector. */
export function unreadable(object: string, cause: unknown): HoldfastError {
  return damaged("repository.object.unreadable", object, "the store cannot read it", cause);
}

const badObjectCodes: readonly unknown[] = ["EIO", "EISDIR", "ENOTDIR", "EACCES", "EPERM", "EBADMSG", "EUCLEAN"];

/** What a store says of one object; its other errors (refused, gone, full) say nothing of the object. */
const storeCodesOfObjects: readonly string[] = ["repository.store.missing", "repository.store.short"];

/** Answers what an error says of one object; null where it says something of the store as a whole, or is a bug. */
export function asDamage(error: unknown, object: string): HoldfastError | null {
  if (error instanceof HoldfastError) {
    const isOfStore = error.code.startsWith("repository.store.") && !storeCodesOfObjects.includes(error.code);
    return error.isRetryable || error.kind === "bug" || isOfStore ? null : error;
  }
  if (error instanceof Error && "code" in error && badObjectCodes.includes(error.code))
    return unreadable(object, error);
  return null;
}
