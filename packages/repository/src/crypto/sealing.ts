import { createCipheriv, createDecipheriv, hkdfSync } from "node:crypto";
import type { SealingContext } from "./transforms.ts";

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

/** AES-256-GCM: the ciphertext, then its 16-byte tag. */
export function seal(plain: Uint8Array, { key, nonce, context }: SealingContext): Buffer {
  const cipher = createCipheriv("aes-256-gcm", key, nonce);
  cipher.setAAD(context);
  return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
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
