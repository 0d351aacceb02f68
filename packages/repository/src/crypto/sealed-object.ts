import { damaged } from "../failure.ts";
import { counterNonce, deriveKey, seal, unseal } from "./sealing.ts";

const magic = Buffer.from("HFOBJ001");

/** Seals a whole object under a key of its own; its name is part of what is authenticated. */
export function sealObject(master: Uint8Array, name: string, salt: Uint8Array, plain: Uint8Array): Uint8Array {
  const sealed = seal(plain, sealing(master, name, salt));
  return Buffer.concat([magic, salt, sealed]);
}

/** Opens what `sealObject` made; raises the given code where it is not that, whole and under this name. */
export function openObject(master: Uint8Array, name: string, bytes: Uint8Array, code: string): Buffer {
  if (bytes.length < 40 || !magic.equals(bytes.subarray(0, 8))) throw damaged(code, name, "no sealed object");
  try {
    return unseal(bytes.subarray(24), sealing(master, name, bytes.subarray(8, 24)));
  } catch (error) {
    throw damaged(code, name, "the seal is broken", error);
  }
}

function sealing(master: Uint8Array, name: string, salt: Uint8Array) {
  return {
    key: deriveKey(master, salt, `holdfast/1/object/${name}`),
    nonce: counterNonce(0),
    context: Buffer.from(name),
  };
}
