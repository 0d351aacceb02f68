import { createHash } from "node:crypto";
import { HoldfastError } from "@holdfast/kernel";
import type { Secret } from "@holdfast/kernel";
import { formatCrockford, parseCrockford } from "../crypto/crockford.ts";
import { combineShares } from "./shamir.ts";

const setBytes = 8;
const secretBytes = 32;
const plainBytes = setBytes + 2 + secretBytes;

/** One share of a set: any `threshold` shares of one set open its slot. */
export interface KeyShare {
  /** The first 8 bytes of the slot's id, in hex. */
  readonly setId: string;
  readonly threshold: number;
  /** From 1. */
  readonly number: number;
  readonly value: Uint8Array;
}

/** Writes a share as 18 groups of 4 letters, with a checksum. */
export function formatShare({ setId, threshold, number, value }: KeyShare): string {
  const plain = Buffer.concat([Buffer.from(setId, "hex"), Buffer.of(threshold, number), value]);
  return formatCrockford(Buffer.concat([plain, checksum(plain)]));
}

/** Reads a share as a person types it; raises `repository.share.mistyped`, which says which of the shares given it is. */
export function parseShare(share: Secret, position: number): KeyShare {
  const bytes = parseCrockford(share.reveal(), plainBytes + 3);
  const plain = bytes?.subarray(0, plainBytes);
  if (bytes === null || plain === undefined || !checksum(plain).equals(bytes.subarray(plainBytes))) {
    throw new HoldfastError({
      code: "repository.share.mistyped",
      message: `share ${position} of those given is not complete or has a typing mistake`,
      advice: "Type all 18 groups of 4 letters of that share again.",
      details: { position },
    });
  }
  return {
    setId: Buffer.from(plain.subarray(0, setBytes)).toString("hex"),
    threshold: plain[setBytes]!,
    number: plain[setBytes + 1]!,
    value: plain.subarray(setBytes + 2),
  };
}

/**
 * Answers the set of the shares and its secret; that it is the right one, only the seal of the slot can tell. Raises
 * `repository.share.mistyped`, `repository.share.mixed` and `repository.share.too-few`.
 */
export function joinShares(texts: readonly Secret[]): { readonly setId: string; readonly secret: Uint8Array } {
  const shares = texts.map((text, i) => parseShare(text, i + 1));
  const different = new Map<number, KeyShare>();
  for (const share of shares) {
    const known = different.get(share.number);
    if (share.setId !== shares[0]!.setId || share.threshold !== shares[0]!.threshold) throw mixed(shares);
    if (known !== undefined && Buffer.compare(known.value, share.value) !== 0) throw mixed(shares);
    different.set(share.number, share);
  }
  const [first] = shares;
  const needed = Math.max(first?.threshold ?? 2, 2);
  if (first === undefined || different.size < needed) {
    throw new HoldfastError({
      code: "repository.share.too-few",
      message: `${different.size} different shares were given, and ${needed} are needed`,
      advice: "Bring more shares of the same set; the same share twice counts once.",
      details: { given: different.size, needed },
    });
  }
  const used = [...different.values()].slice(0, needed);
  return { setId: first.setId, secret: combineShares(used.map(({ number: x, value: y }) => ({ x, y }))) };
}

function mixed(shares: readonly KeyShare[]): HoldfastError {
  const sets = shares.map(({ setId, number }, i) => `share ${i + 1} is number ${number} of set ${setId}`);
  return new HoldfastError({
    code: "repository.share.mixed",
    message: `the shares are not of one set: ${sets.join(", ")}`,
    advice: "Use shares that show the same set; shares of older sets do not fit together with new ones.",
    details: { sets: shares.map(({ setId }) => setId).join(" ") },
  });
}

function checksum(plain: Uint8Array): Buffer {
  return createHash("sha256").update("holdfast/1/key-share").update(plain).digest().subarray(0, 3);
}
