import { HoldfastError } from "@holdfast/kernel";

/** Made where a listing lacks what must be there: to go on would be to delete what another sees. */
export function listingShort(object: string): HoldfastError {
  return new HoldfastError({
    code: "repository.prune.listing-short",
    message: `${object} was there at the last prune and is not listed now; nothing was deleted`,
    advice:
      "Check that the right volume is mounted and whole. A point that is lost for good must be deleted by its id first.",
    details: { object },
  });
}

/** Made where a prune cannot know what is needed. */
export function pruneRefused(cause: unknown): HoldfastError {
  return new HoldfastError({
    code: "repository.prune.refused",
    message: "what the points need cannot be read whole, so nothing is deleted",
    advice: "Run a check. Heal what is damaged from a copy, or delete the points that cannot be healed.",
    cause,
  });
}

export function pruneBusy(): HoldfastError {
  return new HoldfastError({
    code: "repository.prune.busy",
    message: "another prune of this repository was faster, several times in turn",
    advice: "Let it end. Nothing is lost by running this one again.",
    isRetryable: true,
  });
}

export function pruneUnsafe(): HoldfastError {
  return new HoldfastError({
    code: "repository.prune.unsafe-store",
    message: "the store may let two processes create one object, so two prunes could contradict each other",
    advice: "Prune from its own side: through a server or an address of the store that creates exclusively.",
  });
}
