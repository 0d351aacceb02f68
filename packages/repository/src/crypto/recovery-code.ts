import { createHash } from "node:crypto";
import { HoldfastError, Secret } from "@holdfast/kernel";

const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** Writes 32 bytes and a 3-byte checksum as 14 groups of 4 letters (Crockford base 32). */
export function formatRecoveryCode(key: Uint8Array): string {
  const bytes = Buffer.concat([key, checksum(key)]);
  let bits = "";
  for (const byte of bytes) bits += byte.toString(2).padStart(8, "0");
  const letters = bits.match(/.{5}/g)!.map((five) => alphabet[Number.parseInt(five, 2)]!);
  return letters.join("").match(/.{4}/g)!.join("-");
}

/** Reads a code as a person types it: case, blanks and dashes do not matter, O is 0, I and L are 1. */
export function parseRecoveryCode(code: Secret): Uint8Array {
  const letters = code.reveal().toUpperCase().replace(/[\s-]/g, "").replace(/O/g, "0").replace(/[IL]/g, "1");
  if (!/^[0-9A-HJKMNP-TV-Z]{56}$/.test(letters)) throw mistyped();
  const bits = letters
    .split("")
    .map((letter) => alphabet.indexOf(letter).toString(2).padStart(5, "0"))
    .join("");
  const bytes = Uint8Array.from(bits.match(/.{8}/g)!, (eight) => Number.parseInt(eight, 2));
  const key = bytes.subarray(0, 32);
  if (!checksum(key).equals(bytes.subarray(32))) throw mistyped();
  return key;
}

function checksum(key: Uint8Array): Buffer {
  return createHash("sha256").update("holdfast/1/recovery-code").update(key).digest().subarray(0, 3);
}

function mistyped(): HoldfastError {
  return new HoldfastError({
    code: "repository.key.mistyped-code",
    message: "the recovery code is not complete or has a typing mistake",
    advice: "Type all 14 groups of 4 letters from the recovery kit again.",
  });
}
