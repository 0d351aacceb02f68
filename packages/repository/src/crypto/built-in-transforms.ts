import { createCipheriv, createDecipheriv } from "node:crypto";
import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { discard } from "./discard.ts";
import { tagBytes } from "./sealing.ts";
import type { Transforms } from "./transforms.ts";

/** Transforms by the documented functions of Node; each allocates what it answers. */
export const builtInTransforms: Transforms = {
  name: "built-in",
  compress(plain, target) {
    const params = { [constants.ZSTD_c_compressionLevel]: 1 };
    // Room for all of the output keeps it in one piece.
    const packed = zstdCompressSync(plain, { params, chunkSize: plain.length + 1024 });
    const isShorter = packed.length < plain.length;
    if (isShorter) target.set(packed, 0);
    const { length } = packed;
    discard(packed);
    return isShorter ? length : null;
  },
  decompress(packed, target) {
    const sizes = { chunkSize: Math.max(64, target.length), maxOutputLength: target.length };
    const plain = zstdDecompressSync(packed, sizes);
    if (plain.length !== target.length) throw new RangeError("it has another length");
    target.set(plain, 0);
    discard(plain);
  },
  seal(plain, target, { key, nonce, context }) {
    const cipher = createCipheriv("aes-256-gcm", key, nonce);
    cipher.setAAD(context);
    const ciphertext = cipher.update(plain);
    target.set(ciphertext, 0);
    const { length } = ciphertext;
    discard(ciphertext);
    // GCM is a stream: all of the ciphertext came from `update`.
    cipher.final();
    target.set(cipher.getAuthTag(), length);
    return length + tagBytes;
  },
  open(sealed, target, { key, nonce, context }) {
    const length = sealed.length - tagBytes;
    if (length < 0) throw new RangeError("sealed bytes are shorter than a tag");
    const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: tagBytes });
    decipher.setAAD(context);
    decipher.setAuthTag(sealed.subarray(length));
    const plain = decipher.update(sealed.subarray(0, length));
    decipher.final();
    target.set(plain, 0);
    discard(plain);
    return length;
  },
};
