import { dlopen } from "node:ffi";
import { invariant } from "@holdfast/kernel";
import { tagBytes } from "./sealing.ts";
import type { SealingContext, Transforms } from "./transforms.ts";

const zstdLevel = 1;
/** `EVP_CTRL_AEAD_GET_TAG` and `EVP_CTRL_AEAD_SET_TAG` of OpenSSL's evp.h. */
const getTag = 0x10;
const setTag = 0x11;
const nullPointer = 0n;

/**
 * Transforms by the zstd and the OpenSSL that Node itself carries, called with contexts that are made once and with the
 * caller's memory: no buffer is allocated a call. `node:ffi` is experimental: use it only where `selfTest` passed.
 *
 * Contexts live as long as the thread; call it once a thread. Raises where this Node has no `node:ffi` or lacks a symbol.
 */
export function createFfiTransforms(): Transforms {
  const zstd = openZstd();
  const gcm = openGcm();
  return {
    name: "ffi",
    compress(plain, target) {
      const room = Math.min(target.length, plain.length - 1);
      const length = zstd.ZSTD_compressCCtx(
        zstd.compressor,
        target,
        BigInt(room),
        plain,
        BigInt(plain.length),
        zstdLevel,
      );
      // Whatever fails here, storing the bytes as they are is right.
      return zstd.ZSTD_isError(length) === 0 ? Number(length) : null;
    },
    decompress(packed, target) {
      const size = BigInt(target.length);
      const length = zstd.ZSTD_decompressDCtx(zstd.decompressor, target, size, packed, BigInt(packed.length));
      if (zstd.ZSTD_isError(length) !== 0) throw new RangeError("it does not decompress");
      if (length !== size) throw new RangeError("it has another length");
    },
    seal(plain, target, by) {
      invariant(target.length >= plain.length + tagBytes, "the target has room for the bytes and their tag");
      gcm.begin("encrypt", by);
      gcm.update(target, plain);
      gcm.end(target.subarray(plain.length));
      gcm.ctrl(getTag, target.subarray(plain.length, plain.length + tagBytes));
      return plain.length + tagBytes;
    },
    open(sealed, target, by) {
      const length = sealed.length - tagBytes;
      if (length < 0) throw new RangeError("sealed bytes are shorter than a tag");
      invariant(target.length >= length, "the target has room for the bytes");
      gcm.begin("decrypt", by);
      gcm.update(target, sealed.subarray(0, length));
      gcm.ctrl(setTag, Uint8Array.from(sealed.subarray(length)));
      gcm.end(gcm.scratch);
      return length;
    },
  };
}

function openZstd() {
  const library = dlopen(null, {
    ZSTD_createCCtx: { arguments: [], return: "pointer" },
    ZSTD_createDCtx: { arguments: [], return: "pointer" },
    ZSTD_compressCCtx: {
      arguments: ["pointer", "buffer", "uint64", "buffer", "uint64", "int32"],
      return: "uint64",
    },
    ZSTD_decompressDCtx: { arguments: ["pointer", "buffer", "uint64", "buffer", "uint64"], return: "uint64" },
    ZSTD_isError: { arguments: ["uint64"], return: "uint32" },
  });
  const { functions } = library;
  // The library is kept beside its functions: they must not outlive it.
  return { ...functions, library, compressor: functions.ZSTD_createCCtx(), decompressor: functions.ZSTD_createDCtx() };
}

/** The calls of OpenSSL on one context, each checked: 1 is success in all of them. */
function openGcm() {
  const init = { arguments: ["pointer", "pointer", "pointer", "buffer", "buffer"], return: "int32" } as const;
  const update = { arguments: ["pointer", "buffer", "buffer", "buffer", "int32"], return: "int32" } as const;
  const aad = { arguments: ["pointer", "pointer", "buffer", "buffer", "int32"], return: "int32" } as const;
  const final = { arguments: ["pointer", "buffer", "buffer"], return: "int32" } as const;
  const library = dlopen(null, {
    EVP_CIPHER_CTX_new: { arguments: [], return: "pointer" },
    EVP_aes_256_gcm: { arguments: [], return: "pointer" },
    EVP_EncryptInit_ex: init,
    EVP_DecryptInit_ex: init,
    EVP_EncryptUpdate: update,
    EVP_DecryptUpdate: update,
    EVP_EncryptFinal_ex: final,
    EVP_DecryptFinal_ex: final,
    EVP_CIPHER_CTX_ctrl: { arguments: ["pointer", "int32", "int32", "buffer"], return: "int32" },
  });
  // The same functions with a null output, which is how OpenSSL is given what is only authenticated.
  const nullLibrary = dlopen(null, { EVP_EncryptUpdate: aad, EVP_DecryptUpdate: aad });
  const { functions } = library;
  const { functions: withNull } = nullLibrary;
  const context = functions.EVP_CIPHER_CTX_new();
  const cipher = functions.EVP_aes_256_gcm();
  const length = new Uint8Array(4);
  let direction: "encrypt" | "decrypt" = "encrypt";
  const must = (result: number): void => {
    if (result !== 1) throw new RangeError("the seal is broken");
  };
  return {
    libraries: [library, nullLibrary],
    scratch: new Uint8Array(tagBytes),
    begin(next: "encrypt" | "decrypt", by: SealingContext): void {
      direction = next;
      const isEncrypt = next === "encrypt";
      const start = isEncrypt ? functions.EVP_EncryptInit_ex : functions.EVP_DecryptInit_ex;
      must(start(context, cipher, nullPointer, by.key, by.nonce));
      const authenticate = isEncrypt ? withNull.EVP_EncryptUpdate : withNull.EVP_DecryptUpdate;
      must(authenticate(context, nullPointer, length, by.context, by.context.length));
    },
    update(target: Uint8Array, bytes: Uint8Array): void {
      const work = direction === "encrypt" ? functions.EVP_EncryptUpdate : functions.EVP_DecryptUpdate;
      must(work(context, target, length, bytes, bytes.length));
    },
    end(target: Uint8Array): void {
      const finish = direction === "encrypt" ? functions.EVP_EncryptFinal_ex : functions.EVP_DecryptFinal_ex;
      must(finish(context, target, length));
    },
    ctrl(command: number, tag: Uint8Array): void {
      must(functions.EVP_CIPHER_CTX_ctrl(context, command, tagBytes, tag));
    },
  };
}
