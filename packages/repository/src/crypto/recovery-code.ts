import { createHash } from "node:crypto";
import { HoldfastError, Secret } from "@holdfast/kernel";
import { formatCrockford, parseCrockford } from "./crockford.ts";

/** Writes 32 bytes and a 3-byte checksum as 14 groups of 4 letters. */
export function formatRecoveryCode(key: Uint8Array): string {
  return formatCrockford(Buffer.concat([key, checksum(key)]));
}

/** Reads a code as a person types it; raises `repository.key.mistyped-code`. */
export function parseRecoveryCode(code: Secret): Uint8Array {
  const bytes = parseCrockford(code.reveal(), 35);
  const key = bytes?.subarray(0, 32);
  if (bytes != null && key !== undefined && checksum(key).equals(bytes.subarray(32))) return key;
  throw new HoldfastError({
    code: "repository.key.mistyped-code",
    message: "the recovery code is not complete or has a typing mistake",
    advice: "Type all 14 groups of 4 letters from the recovery kit again.",
  });
}

function checksum(key: Uint8Array): Buffer {
  return createHash("sha256").update("holdfast/1/recovery-code").update(key).digest().subarray(0, 3);
}
