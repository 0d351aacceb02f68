import { createCipheriv, createDecipheriv, hkdfSync } from "node:crypto";
import { discard } from "./hand-over.ts";

export const tagBytes = 16;

/** Derives a 32-byte key by HKDF-SHA256 for one use, named by `info`. */
export function deriveKey(master: Uint8Array, salt: Uint8Array, info: string): Uint8Array {
  return new Uint8Array(hkdfSync("sha256", master, salt, info, 32));
}

/** The 96-bit nonce of a counter. Never used twice under one key. */
export function counterNonce(counter: number): Uint8Array {
  const nonce = Buffer.alloc(12);
  nonce.writeUInt32BE(counter, 8);
  return nonce;
}

export interface SealingContext {
  readonly key: Uint8Array;
  readonly nonce: Uint8Array;
  readonly context: Uint8Array;
}

/** AES-256-GCM: the ciphertext, then its 16-byte tag. */
export function seal(plain: Uint8Array, context: SealingContext): Buffer {
  const sealed = Buffer.alloc(plain.length + tagBytes);
  sealInto(sealed, 0, plain, context);
  return sealed;
}

/** Seals into a part of `target`; answers the offset behind it. */
export function sealInto(target: Uint8Array, offset: number, plain: Uint8Array, by: SealingContext): number {
  const cipher = createCipheriv("aes-256-gcm", by.key, by.nonce);
  cipher.setAAD(by.context);
  const ciphertext = cipher.update(plain);
  target.set(ciphertext, offset);
  const end = offset + ciphertext.length;
  discard(ciphertext);
  // GCM is a stream: all of the ciphertext came from `update`.
  cipher.final();
  target.set(cipher.getAuthTag(), end);
  return end + tagBytes;
}

/** Raises where the bytes, the key, the nonce or the context are not those of `seal`. */
export function unseal(sealed: Uint8Array, { key, nonce, context }: SealingContext): Buffer {
  if (sealed.length < tagBytes) throw new RangeError("sealed bytes are shorter than a tag");
  const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: tagBytes });
  decipher.setAAD(context);
  decipher.setAuthTag(sealed.subarray(sealed.length - tagBytes));
  const plain = decipher.update(sealed.subarray(0, sealed.length - tagBytes));
  decipher.final();
  return plain;
}
