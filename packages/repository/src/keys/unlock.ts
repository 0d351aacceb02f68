import { HoldfastError } from "@holdfast/kernel";
import type { Secret } from "@holdfast/kernel";
import type { BlobOptions, BlobStore } from "../blob-store/blob-store.ts";
import { findConfig } from "../config.ts";
import { parseRecoveryCode } from "../crypto/recovery-code.ts";
import { deriveKey } from "../crypto/sealing.ts";
import { isFipsMode, stretch } from "./key-kdf.ts";
import { joinShares } from "./key-share.ts";
import { openKeySlot } from "./key-slot.ts";
import type { KeySlot, KeySlotKind } from "./key-slot.ts";
import { readKeySlots } from "./key-slots.ts";

/** What opens a repository: its passphrase, the code of its recovery kit, or enough shares of one set. */
export type Key =
  | { readonly passphrase: Secret }
  | { readonly recoveryCode: Secret }
  | { readonly shares: readonly Secret[] };

export interface Unlocked {
  readonly master: Uint8Array;
  /** The slot that opened. */
  readonly slotId: string;
  /** As the slot names it; the seal of the slot covers the name. */
  readonly repositoryId: string;
}

/**
 * Opens the first slot that the key fits. Where the config is damaged or gone, or names a repository that no slot is of, the
 * slots say which repository it is. Raises `repository.key.wrong-passphrase`, `.wrong-code`, `.wrong-shares`, `.fips`,
 * `repository.config.missing`, or what is wrong with a code or share as it was typed.
 */
export async function unlock(store: BlobStore, key: Key, options?: BlobOptions): Promise<Unlocked> {
  const tryKey = prepareKey(key);
  const config = await findConfig(store, options);
  const { slots, damage } = await readKeySlots(store, options);
  const own = slots.filter(({ header }) => header.repository === config.id);
  let isBarred = false;
  for (const slot of own.length > 0 ? own : slots) {
    if (slot.header.kind !== tryKey.kind) continue;
    options?.signal?.throwIfAborted();
    if (slot.header.kdf.name === "argon2id" && isFipsMode()) {
      isBarred = true;
      continue;
    }
    const slotKey = await tryKey.keyOf(slot);
    if (slotKey === null) continue;
    try {
      return { master: openKeySlot(slot, slotKey), slotId: slot.id, repositoryId: slot.header.repository };
    } catch (error) {
      // Another slot of this kind may fit.
      void error;
    }
  }
  throw isBarred ? barred() : refusal(tryKey.kind, [...damage.keys()]);
}

interface PreparedKey {
  readonly kind: KeySlotKind;
  /** Null where the slot cannot be the key's, without trying. */
  keyOf(slot: KeySlot): Promise<Uint8Array | null>;
}

/** Reads codes and shares first, so that a typing mistake is named before anything is fetched. */
function prepareKey(key: Key): PreparedKey {
  if ("passphrase" in key) {
    return {
      kind: "passphrase",
      keyOf: async ({ header: { kdf, salt } }) =>
        kdf.name === "hkdf-sha256" ? null : await stretch(key.passphrase, Buffer.from(salt, "base64"), kdf),
    };
  }
  if ("recoveryCode" in key) {
    const code = parseRecoveryCode(key.recoveryCode);
    return { kind: "recovery", keyOf: async ({ header }) => slotKey("recovery", code, header.salt) };
  }
  const { setId, secret } = joinShares(key.shares);
  return {
    kind: "shares",
    keyOf: async ({ id, header }) => (id.startsWith(setId) ? slotKey("shares", secret, header.salt) : null),
  };
}

/** Makes the key of a slot from 32 random bytes. */
export function slotKey(kind: "recovery" | "shares", secret: Uint8Array, salt: string): Uint8Array {
  return deriveKey(secret, Buffer.from(salt, "base64"), `holdfast/1/slot/${kind}`);
}

function barred(): HoldfastError {
  return new HoldfastError({
    code: "repository.key.fips",
    message: "Node runs in FIPS mode, and every passphrase slot that is left uses Argon2id, which FIPS does not allow",
    advice: "Open by the recovery kit or by shares, and add a passphrase slot by PBKDF2.",
  });
}

function refusal(kind: KeySlotKind, damagedSlots: readonly string[]): HoldfastError {
  const also = damagedSlots.length === 0 ? "" : `; key slots ${damagedSlots.join(", ")} are damaged`;
  const details = { damagedSlots: damagedSlots.join(" ") };
  if (kind === "passphrase") {
    return new HoldfastError({
      code: "repository.key.wrong-passphrase",
      message: `the passphrase does not open the repository${also}`,
      advice: "Type it again, or open the repository with the code of its recovery kit.",
      details,
    });
  }
  if (kind === "recovery") {
    return new HoldfastError({
      code: "repository.key.wrong-code",
      message: `the recovery code does not open the repository${also}`,
      advice: "Compare the repository id on the recovery kit with this repository; its slot may have been removed.",
      details,
    });
  }
  return new HoldfastError({
    code: "repository.key.wrong-shares",
    message: `the shares do not open the repository${also}`,
    advice: "Compare the repository id on the shares with this repository; their slot may have been removed.",
    details,
  });
}
