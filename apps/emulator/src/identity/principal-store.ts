import { createHash, timingSafeEqual } from "node:crypto";
import type { DocumentStore } from "../core/document-store.ts";

/** A service principal: an application that signs in by a secret or by certificates. Secrets are kept as hashes. */
export interface Principal {
  readonly clientId: string;
  /** What role assignments name. A SID on an AD FS stamp. */
  readonly objectId: string;
  readonly displayName: string;
  readonly secretHashes: readonly string[];
  /** PEM. */
  readonly certificates: readonly string[];
}

export interface PrincipalStore {
  find(clientId: string): Principal | undefined;
  put(principal: Principal): void;
  list(): readonly Principal[];
}

const hashSecret = (secret: string): string => createHash("sha256").update(secret).digest("hex");

export function hasSecret(principal: Principal, secret: string): boolean {
  const given = Buffer.from(hashSecret(secret), "hex");
  return principal.secretHashes.some((hash) => timingSafeEqual(Buffer.from(hash, "hex"), given));
}

/** A principal with hashed secrets; `sid` for the object ids of an AD FS stamp. */
export function createPrincipal(input: {
  readonly clientId: string;
  readonly objectId: string;
  readonly displayName: string;
  readonly secret?: string;
  readonly certificate?: string;
}): Principal {
  const { clientId, objectId, displayName, secret, certificate } = input;
  return {
    clientId,
    objectId,
    displayName,
    secretHashes: secret === undefined ? [] : [hashSecret(secret)],
    certificates: certificate === undefined ? [] : [certificate],
  };
}

export function createPrincipalStore(documents: DocumentStore<Principal>): PrincipalStore {
  return {
    find: (clientId) => documents.get(clientId.toLowerCase()),
    put: (principal) => documents.put(principal.clientId.toLowerCase(), principal),
    list: () => documents.entries().map(([, principal]) => principal),
  };
}
