import { createHmac, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import { counterNonce, deriveKey, seal, unseal } from "../crypto/sealing.ts";
import { damaged } from "../failure.ts";
import { kdfSchema } from "./key-kdf.ts";

export const maxKeySlotBytes = 16 * 1024;
/** More slots than this are read by nobody: an attacker could make opening slow. */
export const maxKeySlots = 64;
export const maxShares = 32;
export const maxThreshold = 16;

const headerSchema = z
  .object({
    format: z.literal("holdfast-key-slot"),
    version: z.literal(1),
    repository: z.uuid(),
    kind: z.enum(["passphrase", "recovery", "shares"]),
    label: z.string().max(64),
    createdAtMs: z.int(),
    salt: z.base64().length(24),
    kdf: kdfSchema,
    threshold: z.int().min(2).max(maxThreshold).optional(),
    count: z.int().min(2).max(maxShares).optional(),
  })
  .refine(({ kind, kdf }) => (kind === "passphrase") === (kdf.name !== "hkdf-sha256"), "the kdf is not one of its kind")
  .refine(({ kind, threshold, count }) => (kind === "shares") === (threshold !== undefined && count !== undefined));
export type KeySlotHeader = z.infer<typeof headerSchema>;
export type KeySlotKind = KeySlotHeader["kind"];

/** A slot as it stands in the store. */
export interface KeySlot {
  readonly id: string;
  readonly header: KeySlotHeader;
  readonly headerText: string;
  readonly sealedText: string;
  readonly checkText: string;
}

export function keySlotName(slotId: string): string {
  return `keys/${slotId}`;
}

/** Seals the master key for a slot; the header is part of what is authenticated. */
export function encodeKeySlot(
  id: string,
  header: KeySlotHeader,
  by: { readonly key: Uint8Array; readonly master: Uint8Array },
): Uint8Array {
  const headerText = JSON.stringify(header);
  const sealed = seal(by.master, { key: by.key, nonce: counterNonce(0), context: slotContext(id, headerText) });
  const sealedText = sealed.toString("base64");
  const check = checkOf(by.master, { id, headerText, sealedText }).toString("base64");
  return Buffer.from(`${headerText}\n${sealedText}\n${check}\n`);
}

/** Reads a slot; raises `repository.key-slot.damaged`. */
export function decodeKeySlot(id: string, bytes: Uint8Array): KeySlot {
  const name = keySlotName(id);
  const lines = Buffer.from(bytes).toString("utf8").split("\n");
  const [headerText = "", sealedText = "", checkText = ""] = lines;
  if (lines.length !== 4 || lines[3] !== "")
    throw damaged("repository.key-slot.damaged", name, "it has not three lines");
  try {
    return { id, header: headerSchema.parse(JSON.parse(headerText)), headerText, sealedText, checkText };
  } catch (error) {
    throw damaged("repository.key-slot.damaged", name, "its header is not one that this program reads", error);
  }
}

/** Opens a slot by its key; raises where it is another's. */
export function openKeySlot({ id, headerText, sealedText }: KeySlot, key: Uint8Array): Uint8Array {
  const by = { key, nonce: counterNonce(0), context: slotContext(id, headerText) };
  return unseal(Buffer.from(sealedText, "base64"), by);
}

/** Whether every byte of a slot is as it was written, as far as the master key can tell. */
export function isSound(slot: KeySlot, master: Uint8Array): boolean {
  const given = Buffer.from(slot.checkText, "base64");
  const expected = checkOf(master, slot);
  return given.length === expected.length && timingSafeEqual(given, expected) && isCanonical(slot);
}

/** Base64 has several texts for some bytes; a changed letter must not pass. */
function isCanonical({ checkText }: KeySlot): boolean {
  return Buffer.from(checkText, "base64").toString("base64") === checkText;
}

function slotContext(id: string, headerText: string): Buffer {
  return Buffer.from(`holdfast/1/key-slot/${id}\n${headerText}`);
}

function checkOf(master: Uint8Array, slot: Pick<KeySlot, "id" | "headerText" | "sealedText">): Buffer {
  const key = deriveKey(master, Buffer.from(slot.id, "hex"), "holdfast/1/key-slot-check");
  return createHmac("sha256", key).update(`${slot.headerText}\n${slot.sealedText}`).digest();
}
