import type { Clock, Random, Secret } from "@holdfast/kernel";
import type { CallTrace } from "./http/call-trace.ts";

export type StampCredential =
  | { readonly kind: "secret"; readonly secret: Secret }
  /** One PEM text with the private key and the certificate, its chain after it where there is one. */
  | { readonly kind: "certificate"; readonly pem: Secret };

/** What a user says about a stamp; everything else is asked of the stamp. */
export interface StampConfig {
  readonly name: string;
  /** `https://management.<region>.<domain>`. */
  readonly armEndpoint: string;
  /** A tenant's id or domain; `adfs` on an AD FS stamp. */
  readonly tenant: string;
  readonly clientId: string;
  readonly credential: StampCredential;
  /** Needed only where the identity sees more than one subscription. */
  readonly subscriptionId?: string;
  /** Certificates of the stamp's own authority, added to the default roots. */
  readonly caPem?: string;
  /** Host names resolved without DNS: `*.east.ash.example` or a whole name, to an IP address. */
  readonly resolve?: Readonly<Record<string, string>>;
}

export interface StampDeps {
  readonly clock: Clock;
  readonly random: Random;
  /** Told of every attempt of every call, with the address free of secrets. */
  readonly onCall?: (trace: CallTrace) => void;
}
