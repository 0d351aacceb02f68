import { argon2, getFips, pbkdf2 } from "node:crypto";
import { promisify } from "node:util";
import type { Secret } from "@holdfast/kernel";
import { z } from "zod";

/** Less protects nobody: OWASP's least for Argon2id (19 MiB) and PBKDF2. More is an attack on the reader's memory or time. */
export const kdfSchema = z.discriminatedUnion("name", [
  z.object({
    name: z.literal("argon2id"),
    memoryKib: z.int().min(19_456).max(1_048_576),
    passes: z.int().min(2).max(16),
    lanes: z.int().min(1).max(16),
  }),
  z.object({ name: z.literal("pbkdf2-hmac-sha512"), iterations: z.int().min(210_000).max(10_000_000) }),
  z.object({ name: z.literal("hkdf-sha256") }),
]);
export type Kdf = z.infer<typeof kdfSchema>;
export type PassphraseKdf = Exclude<Kdf, { readonly name: "hkdf-sha256" }>;

/** How a passphrase can be stretched: by Argon2id, or by PBKDF2 where FIPS 140 rules. */
export type KdfName = "argon2id" | "pbkdf2";

/** What new slots use: Argon2id, or PBKDF2 where it is asked for or Node runs in FIPS mode. */
export function chooseKdf(name: KdfName = isFipsMode() ? "pbkdf2" : "argon2id"): PassphraseKdf {
  return name === "pbkdf2"
    ? { name: "pbkdf2-hmac-sha512", iterations: 600_000 }
    : { name: "argon2id", memoryKib: 65_536, passes: 3, lanes: 4 };
}

export function isFipsMode(): boolean {
  return getFips() === 1;
}

/** Makes the key of a slot from a passphrase in its normal form C. */
export async function stretch(passphrase: Secret, salt: Uint8Array, kdf: PassphraseKdf): Promise<Uint8Array> {
  const message = Buffer.from(passphrase.reveal().normalize("NFC"), "utf8");
  if (kdf.name === "pbkdf2-hmac-sha512") return await promisify(pbkdf2)(message, salt, kdf.iterations, 32, "sha512");
  const { memoryKib: memory, passes, lanes: parallelism } = kdf;
  return await promisify(argon2)("argon2id", { message, nonce: salt, parallelism, tagLength: 32, memory, passes });
}
