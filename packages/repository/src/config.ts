import { argon2 } from "node:crypto";
import { promisify } from "node:util";
import { HoldfastError, Secret } from "@holdfast/kernel";
import type { Random } from "@holdfast/kernel";
import { z } from "zod";
import { parseRecoveryCode } from "./crypto/recovery-code.ts";
import { counterNonce, deriveKey, seal, unseal } from "./crypto/sealing.ts";
import { damaged } from "./failure.ts";

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");
const slotSchema = z.object({
  kind: z.enum(["passphrase", "recovery"]),
  salt: z.base64().max(64),
  sealed: z.base64().max(128),
});
const configSchema = z.object({
  format: z.literal("holdfast-repository"),
  version: z.literal(1),
  id: z.uuid(),
  slots: z.array(slotSchema).max(16),
});
export type Config = z.infer<typeof configSchema>;
export type Key = { readonly passphrase: Secret } | { readonly recoveryCode: Secret };

/** Makes the config object: the master key, sealed once for the passphrase and once for the recovery code. */
export async function makeConfig(
  wanted: {
    readonly id: string;
    readonly master: Uint8Array;
    readonly passphrase: Secret;
    readonly recovery: Uint8Array;
  },
  random: Random,
): Promise<Config> {
  const slots: Config["slots"] = [];
  for (const kind of ["passphrase", "recovery"] as const) {
    const salt = random.bytes(16);
    const key = kind === "passphrase" ? await stretch(wanted.passphrase, salt) : recoveryKey(wanted.recovery, salt);
    const sealed = seal(wanted.master, { key, nonce: counterNonce(0), context: slotContext(wanted.id, kind) });
    slots.push({ kind, salt: base64(salt), sealed: base64(sealed) });
  }
  return { format: "holdfast-repository", version: 1, id: wanted.id, slots };
}

/** Reads a config object; raises `repository.config.damaged`. */
export function decodeConfig(bytes: Uint8Array): Config {
  try {
    return configSchema.parse(JSON.parse(Buffer.from(bytes).toString("utf8")));
  } catch (error) {
    throw damaged(
      "repository.config.damaged",
      "config",
      "not a repository of a version that this program reads",
      error,
    );
  }
}

/** Answers the master key; raises `repository.key.wrong-passphrase` or `repository.key.wrong-code`. */
export async function unlock(config: Config, key: Key): Promise<Uint8Array> {
  const kind = "passphrase" in key ? "passphrase" : "recovery";
  const recovery = "recoveryCode" in key ? parseRecoveryCode(key.recoveryCode) : null;
  for (const slot of config.slots.filter((candidate) => candidate.kind === kind)) {
    const salt = Buffer.from(slot.salt, "base64");
    const slotKey = "passphrase" in key ? await stretch(key.passphrase, salt) : recoveryKey(recovery!, salt);
    try {
      const context = slotContext(config.id, kind);
      return unseal(Buffer.from(slot.sealed, "base64"), { key: slotKey, nonce: counterNonce(0), context });
    } catch (error) {
      // Another slot of this kind may fit.
      void error;
    }
  }
  throw kind === "passphrase"
    ? new HoldfastError({
        code: "repository.key.wrong-passphrase",
        message: "the passphrase does not open the repository",
        advice: "Type it again, or open the repository with the code of its recovery kit.",
      })
    : new HoldfastError({
        code: "repository.key.wrong-code",
        message: "the recovery code does not open the repository",
        advice: "Compare the repository id on the recovery kit with this repository.",
      });
}

/** argon2id with 64 MiB, 3 passes, 4 lanes. Fixed by the version, so a changed config cannot weaken or inflate it. */
async function stretch(passphrase: Secret, salt: Uint8Array): Promise<Uint8Array> {
  const message = Buffer.from(passphrase.reveal().normalize("NFC"), "utf8");
  return promisify(argon2)("argon2id", {
    message,
    nonce: salt,
    parallelism: 4,
    tagLength: 32,
    memory: 65_536,
    passes: 3,
  });
}

function recoveryKey(code: Uint8Array, salt: Uint8Array): Uint8Array {
  return deriveKey(code, salt, "holdfast/1/slot/recovery");
}

function slotContext(id: string, kind: string): Buffer {
  return Buffer.from(`holdfast/1/slot/${kind}/${id}`);
}
