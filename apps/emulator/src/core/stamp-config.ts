import { createHash } from "node:crypto";

export type IdentityFlavour = "adfs" | "entra";

/** Everything that sets one stamp apart. */
export interface StampConfig {
  /** Region name, and the first label of the domain. */
  readonly name: string;
  readonly build: number;
  readonly identity: IdentityFlavour;
  /** `east.ash.example`. */
  readonly domain: string;
  readonly tenantId: string;
  readonly subscriptionIds: readonly string[];
  /** What tokens for this stamp's ARM are made out to. */
  readonly audience: string;
  /** Items on one page of a list. */
  readonly pageSize: number;
  /** What clients are told to wait between polls. */
  readonly retryAfterSeconds: number;
  /** Multiplies how long operations take; 0 in tests. */
  readonly operationScale: number;
  readonly tokenLifetimeSeconds: number;
  /** Public addresses that the stamp owns for all subscriptions together. */
  readonly publicIpPoolSize: number;
  /** Limits that differ from the platform's defaults, by their name in usages. */
  readonly quotas: Readonly<Record<string, number>>;
  /** Namespaces that a subscription must register before use; by default all are registered already. */
  readonly unregisteredNamespaces: readonly string[];
  /** AD FS takes `scope=<audience>/.default` since hotfix 1.2108.2.130. */
  readonly acceptsDefaultScope: boolean;
  /** Whether `/metadata/endpoints?api-version=2022-09-01` answers an object, as newer clients want, or an array. */
  readonly newestMetadataShape: "array" | "object";
}

export type StampOptions = Partial<StampConfig> & { readonly name: string };

/** A UUID that is the same for the same words, so that a stamp keeps its ids without having to store them. */
export function derivedUuid(...words: readonly string[]): string {
  const hex = createHash("sha256").update(words.join("\n")).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** Fills in the defaults of a stamp. */
export function stampConfig(options: StampOptions): StampConfig {
  const { name } = options;
  if (!/^[a-z][a-z0-9]{0,19}$/.test(name)) throw new Error(`stamp name ${JSON.stringify(name)} is not a region name`);
  const identity = options.identity ?? "adfs";
  const domain = options.domain ?? `${name}.ash.example`;
  const build = options.build ?? 2506;
  const guid = derivedUuid("audience", name);
  return {
    build,
    identity,
    domain,
    tenantId: identity === "entra" ? derivedUuid("tenant", "contoso") : derivedUuid("tenant", name),
    subscriptionIds: [derivedUuid("subscription", name)],
    audience:
      identity === "adfs"
        ? `https://management.adfs.${domain}/${guid}`
        : `https://management.contoso.onmicrosoft.com/${guid}`,
    pageSize: 100,
    retryAfterSeconds: 1,
    operationScale: 1,
    tokenLifetimeSeconds: 3600,
    publicIpPoolSize: 64,
    quotas: {},
    unregisteredNamespaces: [],
    acceptsDefaultScope: build >= 2108,
    newestMetadataShape: "array",
    ...options,
  };
}

/** Reads `name[:build[:adfs|entra]]`. */
export function parseStampSpec(spec: string): StampOptions {
  const [name = "", build, identity, ...rest] = spec.split(":");
  if (rest.length > 0 || (build !== undefined && !/^\d{4}$/.test(build))) {
    throw new Error(`stamp ${JSON.stringify(spec)} is not of the form name[:build[:adfs|entra]]`);
  }
  if (identity !== undefined && identity !== "adfs" && identity !== "entra") {
    throw new Error(`identity ${JSON.stringify(identity)} of stamp ${name} is neither adfs nor entra`);
  }
  return { name, ...(build ? { build: Number(build) } : {}), ...(identity ? { identity } : {}) };
}
