import { HoldfastError } from "@holdfast/kernel";
import type { Random } from "@holdfast/kernel";
import type { BlobOptions, BlobStore } from "../blob-store/blob-store.ts";
import { isSound, keySlotName } from "./key-slot.ts";
import { readKeySlots } from "./key-slots.ts";

export interface RemovalParts {
  readonly store: BlobStore;
  readonly master: Uint8Array;
  readonly random: Random;
}

export interface RemovalTerms {
  /** Slots that were seen to open: by this process, just now. */
  readonly proven: readonly string[];
  /** Sound slots that must be left. */
  readonly leaveAtLeast: number;
}

const markPrefix = "key-removals/";

/** Slots that somebody is removing, or began to remove before a kill. */
export async function listRemovals(store: BlobStore, options?: BlobOptions): Promise<Set<string>> {
  const ids = new Set<string>();
  for await (const name of store.list(markPrefix, options)) ids.add(name.slice(markPrefix.length).split("-")[0]!);
  return ids;
}

/**
 * Removes a slot by mark, look, delete: of two removals at a time, at least one sees the other's mark, so both may be
 * refused but never both go through where one alone may. Raises `repository.key.slot-unknown`, `.last-slot`,
 * `.unproven-removal`, `.last-spare`; the slot is untouched then.
 */
export async function removeKeySlot(
  parts: RemovalParts,
  slotId: string,
  terms: RemovalTerms,
  options?: BlobOptions,
): Promise<void> {
  const { store, random } = parts;
  if ((await store.size(keySlotName(slotId), options)) === null) throw unknownSlot(slotId);
  const mark = `${markPrefix}${slotId}-${Buffer.from(random.bytes(8)).toString("hex")}`;
  await store.put(mark, Buffer.from("HFKEYREM"), options);
  try {
    await requireEnoughLeft(parts, slotId, terms, options);
    await store.delete(keySlotName(slotId), options);
  } catch (error) {
    // The mark goes even where the caller was interrupted.
    await store.delete(mark).catch(() => {
      throw removalStuck(slotId, error);
    });
    throw error;
  }
  for await (const name of store.list(`${markPrefix}${slotId}-`, options)) await store.delete(name, options);
}

async function requireEnoughLeft(
  { store, master }: RemovalParts,
  slotId: string,
  { proven, leaveAtLeast }: RemovalTerms,
  options?: BlobOptions,
): Promise<void> {
  // The marks first: a removal whose mark is gone by then has deleted its slot, so the slots that are read next lack it.
  const going = await listRemovals(store, options);
  const { slots } = await readKeySlots(store, options);
  const left = slots.filter((slot) => !going.has(slot.id) && isSound(slot, master)).map(({ id }) => id);
  if (left.length === 0) {
    throw new HoldfastError({
      code: "repository.key.last-slot",
      message: `slot ${slotId} is the last one that opens the repository; it was not removed`,
      advice: "Add another slot first, and try that it opens.",
      details: { slotId },
    });
  }
  if (!left.some((id) => proven.includes(id))) {
    throw new HoldfastError({
      code: "repository.key.unproven-removal",
      message: `nothing proves that another slot than ${slotId} still opens the repository; it was not removed`,
      advice: "Open the repository by another slot for this, or state that you accept the risk.",
      details: { slotId, left: left.join(" ") },
    });
  }
  if (left.length < leaveAtLeast) {
    throw new HoldfastError({
      code: "repository.key.last-spare",
      message: `without slot ${slotId}, a single slot would be left: to lose that would lock everybody out`,
      advice: "Add another slot first, or state that you accept the risk.",
      details: { slotId, left: left.join(" ") },
    });
  }
}

/** Made where the store lets nothing be deleted, as an append-only server does. */
function removalStuck(slotId: string, cause: unknown): HoldfastError {
  return new HoldfastError({
    code: "repository.key.removal-stuck",
    message: `slot ${slotId} was not removed and still opens, but it has a removal mark that cannot be deleted either`,
    advice: "Remove it where the store allows deleting; until then it counts as gone when others are removed.",
    details: { slotId },
    cause,
  });
}

export function unknownSlot(slotId: string): HoldfastError {
  return new HoldfastError({
    code: "repository.key.slot-unknown",
    message: `the repository has no key slot ${slotId}`,
    advice: "List the slots, and give the whole id or the beginning of one.",
    details: { slotId },
  });
}
