import { readFileSync } from "node:fs";
import { globalAgent } from "node:https";
import { rootCertificates, setDefaultCACertificates } from "node:tls";
import { ClientSecretCredential } from "@azure/identity";
import type { EmulatedStamp } from "./emulated-stamp.ts";

/** Trusts a stamp's private CA beside the public ones, for clients that take no CA of their own; answers the undoing. */
export function acceptCa(caFile: string): () => void {
  setDefaultCACertificates([...rootCertificates, readFileSync(caFile, "utf8")]);
  globalAgent.destroy();
  return () => setDefaultCACertificates([...rootCertificates]);
}

/** Microsoft's own credential against the stamp's AD FS, or its Entra ID. */
export function stampCredential(stamp: EmulatedStamp): ClientSecretCredential {
  return new ClientSecretCredential(stamp.tenant, stamp.clientId, stamp.secret, {
    authorityHost: stamp.armUrl,
    disableInstanceDiscovery: true,
  });
}
