import { HoldfastError } from "@holdfast/kernel";
import type { Clock, Random, Secret } from "@holdfast/kernel";
import type { BlobOptions, BlobStore } from "../blob-store/blob-store.ts";
import { chooseKdf } from "./key-kdf.ts";
import type { KdfName } from "./key-kdf.ts";
import { isSound, keySlotName, maxKeySlots, maxShares, maxThreshold } from "./key-slot.ts";
import type { KeySlot, KeySlotKind } from "./key-slot.ts";
import { readKeySlot, readKeySlots } from "./key-slots.ts";
import { newPassphraseSlot, newRecoverySlot, newSharesSlot } from "./new-key-slots.ts";
import type { NewSlot } from "./new-key-slots.ts";
import { listRemovals, removeKeySlot } from "./remove-key-slot.ts";
import { unlock } from "./unlock.ts";
import type { Key } from "./unlock.ts";

/** What can be told of a slot without its secret. */
export interface KeySlotInfo {
  readonly id: string;
  /** Null where the object cannot be read. */
  readonly kind: KeySlotKind | null;
  readonly label: string;
  readonly createdAtMs: number | null;
  readonly kdf: string | null;
  readonly threshold: number | null;
  readonly count: number | null;
  /** `damaged` is not what was written, or of another repository; `leaving` has a removal mark. Both still may open. */
  readonly state: "sound" | "damaged" | "leaving";
  /** True for the slot that this keyring was opened by. */
  readonly isOpener: boolean;
}

export interface MadeKit {
  readonly id: string;
  readonly recoveryKit: string;
  readonly lastGroup: string;
}

/** Where a secret is kept before its slot exists: when it throws, no slot is made. */
export interface NewKeySlot {
  readonly label: string;
  readonly secret:
    | { readonly kind: "passphrase"; readonly passphrase: Secret; readonly kdf?: KdfName }
    | { readonly kind: "recovery"; keepKit(made: MadeKit): Promise<void> }
    | {
        readonly kind: "shares";
        readonly threshold: number;
        readonly count: number;
        keepShares(sheets: readonly string[]): Promise<void>;
      };
}

/** The key slots of an open repository. Changes never touch the master key, so they cost nothing of the data. */
export interface Keyring {
  readonly repositoryId: string;
  /** The slot that the key handed in opened. */
  readonly openedBy: string;
  list(options?: BlobOptions): Promise<KeySlotInfo[]>;
  /** Adds a slot beside the others. Raises `repository.key.too-many-slots` and `repository.share.impossible`. */
  add(wanted: NewKeySlot, options?: BlobOptions): Promise<KeySlotInfo>;
  /**
   * Removes a slot. Refuses the last one in any case; without consent also the one that opened this keyring, and one that
   * would leave a single slot.
   */
  remove(slotId: string, terms: { readonly hasConsent: boolean }, options?: BlobOptions): Promise<void>;
  /** Adds a slot, then removes the one in whose place it comes. A kill between leaves both. */
  rotate(slotId: string, wanted: NewKeySlot, options?: BlobOptions): Promise<KeySlotInfo>;
}

export interface KeyringServices {
  readonly random: Random;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
}

/** Opens the slots of a repository by one of its keys, without reading its index. */
export async function openKeyring(store: BlobStore, options: KeyringServices & Key): Promise<Keyring> {
  const call = options.signal === undefined ? {} : { signal: options.signal };
  const { master, slotId: openedBy, repositoryId } = await unlock(store, options, call);
  const { random, clock } = options;
  const parts = { store, repositoryId, master, random, clock };
  const infoOf = (slot: KeySlot, going: ReadonlySet<string>): KeySlotInfo => ({
    ...describeSlot(slot),
    state: going.has(slot.id) ? "leaving" : isSound(slot, master) ? "sound" : "damaged",
    isOpener: slot.id === openedBy,
  });
  const list: Keyring["list"] = async (listOptions) => {
    const { slots, damage } = await readKeySlots(store, listOptions);
    const going = await listRemovals(store, listOptions);
    const unreadable = [...damage.keys()].map((id): KeySlotInfo => ({ ...nothingKnown, id }));
    return [...slots.map((slot) => infoOf(slot, going)), ...unreadable];
  };
  const put = async ({ id, bytes }: NewSlot, putOptions?: BlobOptions): Promise<KeySlotInfo> => {
    await store.put(keySlotName(id), bytes, putOptions);
    return infoOf(await readKeySlot(store, id, putOptions), new Set());
  };
  const add: Keyring["add"] = async (wanted, addOptions) => {
    const { label, secret } = wanted;
    if ((await list(addOptions)).length >= maxKeySlots) throw tooManySlots();
    if (secret.kind === "passphrase")
      return await put(await newPassphraseSlot(parts, { ...secret, label, kdf: chooseKdf(secret.kdf) }), addOptions);
    if (secret.kind === "recovery") {
      const { slot, ...kit } = newRecoverySlot(parts, { label });
      await secret.keepKit({ id: repositoryId, ...kit });
      return await put(slot, addOptions);
    }
    requirePossible(secret);
    const { slot, sheets } = newSharesSlot(parts, { ...secret, label });
    await secret.keepShares(sheets);
    return await put(slot, addOptions);
  };
  return {
    repositoryId,
    openedBy,
    list,
    add,
    async remove(slotId, { hasConsent }, removeOptions) {
      const known = hasConsent ? (await list(removeOptions)).map(({ id }) => id) : [openedBy];
      await removeKeySlot(parts, slotId, { proven: known, leaveAtLeast: hasConsent ? 1 : 2 }, removeOptions);
    },
    async rotate(slotId, wanted, rotateOptions) {
      const added = await add(wanted, rotateOptions);
      const terms = { proven: added.state === "sound" ? [added.id, openedBy] : [openedBy], leaveAtLeast: 1 };
      await removeKeySlot(parts, slotId, terms, rotateOptions);
      return added;
    },
  };
}

const nothingKnown = {
  kind: null,
  label: "",
  createdAtMs: null,
  kdf: null,
  threshold: null,
  count: null,
  state: "damaged",
  isOpener: false,
} as const;

function describeSlot({ id, header }: KeySlot) {
  const { kind, label, createdAtMs, kdf, threshold = null, count = null } = header;
  return { id, kind, label, createdAtMs, kdf: kdf.name, threshold, count };
}

function requirePossible({ threshold, count }: { readonly threshold: number; readonly count: number }): void {
  const isPossible =
    Number.isInteger(threshold) &&
    Number.isInteger(count) &&
    threshold >= 2 &&
    threshold <= Math.min(count, maxThreshold) &&
    count <= maxShares;
  if (isPossible) return;
  throw new HoldfastError({
    code: "repository.share.impossible",
    message: `a set of ${count} shares of which ${threshold} open cannot be made`,
    advice: `Choose a threshold of 2 to ${maxThreshold}, and as many shares or more, up to ${maxShares}.`,
    details: { threshold, count },
  });
}

function tooManySlots(): HoldfastError {
  return new HoldfastError({
    code: "repository.key.too-many-slots",
    message: `the repository has ${maxKeySlots} key slots already`,
    advice: "Remove slots that nobody uses.",
  });
}
