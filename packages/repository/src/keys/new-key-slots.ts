import type { Clock, Random, Secret } from "@holdfast/kernel";
import { invariant } from "@holdfast/kernel";
import { formatRecoveryCode } from "../crypto/recovery-code.ts";
import { stretch } from "./key-kdf.ts";
import type { PassphraseKdf } from "./key-kdf.ts";
import { encodeKeySlot } from "./key-slot.ts";
import type { KeySlotHeader } from "./key-slot.ts";
import { kitText, shareText } from "./recovery-kit.ts";
import { splitSecret } from "./shamir.ts";
import { slotKey } from "./unlock.ts";

export interface NewSlotParts {
  readonly repositoryId: string;
  readonly master: Uint8Array;
  readonly random: Random;
  readonly clock: Clock;
}

/** A slot that is not in the store yet. */
export interface NewSlot {
  readonly id: string;
  readonly bytes: Uint8Array;
}

export async function newPassphraseSlot(
  parts: NewSlotParts,
  wanted: { readonly passphrase: Secret; readonly label: string; readonly kdf: PassphraseKdf },
): Promise<NewSlot> {
  const { id, header, salt } = begin(parts, wanted.label);
  const key = await stretch(wanted.passphrase, salt, wanted.kdf);
  return finish(parts, id, { ...header, kind: "passphrase", kdf: wanted.kdf }, key);
}

/** Makes a recovery slot, and the kit that opens it. */
export function newRecoverySlot(parts: NewSlotParts, wanted: { readonly label: string }) {
  const { id, header } = begin(parts, wanted.label);
  const secret = parts.random.bytes(32);
  const code = formatRecoveryCode(secret);
  const key = slotKey("recovery", secret, header.salt);
  return {
    slot: finish(parts, id, { ...header, kind: "recovery", kdf: { name: "hkdf-sha256" } }, key),
    recoveryKit: kitText(parts.repositoryId, code),
    lastGroup: code.split("-").at(-1)!,
  };
}

/** Makes a slot that any `threshold` of `count` shares open, and the sheets to print for their holders. */
export function newSharesSlot(
  parts: NewSlotParts,
  wanted: { readonly label: string; readonly threshold: number; readonly count: number },
) {
  const { threshold, count } = wanted;
  const { id, header } = begin(parts, wanted.label);
  const secret = parts.random.bytes(32);
  const key = slotKey("shares", secret, header.salt);
  const setId = id.slice(0, 16);
  const shares = splitSecret(secret, { threshold, count }, parts.random);
  return {
    slot: finish(parts, id, { ...header, kind: "shares", kdf: { name: "hkdf-sha256" }, threshold, count }, key),
    sheets: shares.map(({ x, y }) => shareText(parts.repositoryId, { setId, threshold, number: x, value: y }, count)),
  };
}

function begin({ random, clock, repositoryId }: NewSlotParts, label: string) {
  invariant(label.length <= 64, "a label has at most 64 letters");
  const salt = random.bytes(16);
  const header = {
    format: "holdfast-key-slot",
    version: 1,
    repository: repositoryId,
    label,
    createdAtMs: clock.now(),
    salt: Buffer.from(salt).toString("base64"),
  } as const;
  return { id: Buffer.from(random.bytes(16)).toString("hex"), header, salt };
}

function finish({ master }: NewSlotParts, id: string, header: KeySlotHeader, key: Uint8Array): NewSlot {
  return { id, bytes: encodeKeySlot(id, header, { key, master }) };
}
