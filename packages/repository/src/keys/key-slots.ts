import type { HoldfastError } from "@holdfast/kernel";
import type { BlobOptions, BlobStore } from "../blob-store/blob-store.ts";
import { asDamage, damaged } from "../failure.ts";
import { readObject } from "../read-object.ts";
import { decodeKeySlot, isSound, keySlotName, maxKeySlotBytes } from "./key-slot.ts";
import type { KeySlot } from "./key-slot.ts";

export interface FoundSlots {
  readonly slots: readonly KeySlot[];
  /** Slots that cannot be read, by id. */
  readonly damage: ReadonlyMap<string, HoldfastError>;
}

/** Reads every slot object of a store; what is damaged is answered, not raised. */
export async function readKeySlots(store: BlobStore, options?: BlobOptions): Promise<FoundSlots> {
  const slots: KeySlot[] = [];
  const damage = new Map<string, HoldfastError>();
  for await (const name of store.list("keys/", options)) {
    const id = name.slice("keys/".length);
    try {
      slots.push(await readKeySlot(store, id, options));
    } catch (error) {
      const harm = asDamage(error, name);
      if (harm === null) throw error;
      // Another may have removed it since the listing.
      if (harm.code !== "repository.store.missing") damage.set(id, harm);
    }
  }
  return { slots, damage };
}

/** Reads one slot; raises `repository.key-slot.damaged`. */
export async function readKeySlot(store: BlobStore, id: string, options?: BlobOptions): Promise<KeySlot> {
  const name = keySlotName(id);
  const limit = { maxBytes: maxKeySlotBytes, code: "repository.key-slot.damaged" };
  return decodeKeySlot(id, await readObject(store, name, limit, options));
}

/** Answers what is wrong with the slots of a store, as far as the master key can tell. */
export async function checkKeySlots(
  store: BlobStore,
  keys: { readonly repositoryId: string; readonly master: Uint8Array },
  options?: BlobOptions,
): Promise<HoldfastError[]> {
  const { slots, damage } = await readKeySlots(store, options);
  const harms = [...damage.values()];
  for (const slot of slots) {
    if (isSound(slot, keys.master)) continue;
    const isForeign = slot.header.repository !== keys.repositoryId;
    const reason = isForeign ? "it is of another repository, or changed" : "it is not what was written";
    harms.push(damaged("repository.key-slot.damaged", keySlotName(slot.id), reason));
  }
  return harms;
}
