import type { StampConfig } from "../core/stamp-config.ts";
import { derivedUuid } from "../core/stamp-config.ts";

/** Where a client that came in by `origin` finds the stamp's other services. */
export interface ServiceAddresses {
  /** Ends in `/adfs` on an AD FS stamp: clients tell the flavours apart by that. */
  readonly login: string;
  readonly graph: string;
  readonly portal: string;
}

/** On localhost everything stands behind one address, so that clients need neither DNS nor a proxy. */
export function serviceAddresses(config: StampConfig, origin: string): ServiceAddresses {
  const isLocal = ["localhost", "127.0.0.1"].includes(new URL(origin).hostname);
  const portOf = new URL(origin).port;
  const port = portOf === "" ? "" : `:${portOf}`;
  const hostOf = (word: string): string => (isLocal ? origin : `https://${word}.${config.domain}${port}`);
  const isAdfs = config.identity === "adfs";
  return {
    login: isAdfs ? `${hostOf("adfs")}/adfs` : isLocal ? `${origin}/` : "https://login.microsoftonline.com/",
    graph: isAdfs ? `${hostOf("graph")}/` : "https://graph.windows.net/",
    portal: `${hostOf("portal")}/`,
  };
}

function cloudEntry(config: StampConfig, at: ServiceAddresses): Record<string, unknown> {
  return {
    name: `AzureStack-User-${derivedUuid("cloud", config.name)}`,
    portal: at.portal,
    authentication: {
      loginEndpoint: at.login,
      audiences: [config.audience],
      tenant: config.identity === "adfs" ? "adfs" : config.tenantId,
      identityProvider: config.identity === "adfs" ? "ADFS" : "AAD",
    },
    graph: at.graph,
    graphAudience: at.graph,
    gallery: `${at.portal.replace(/\/$/, "")}:30015/`,
    suffixes: { storage: config.domain, keyVaultDns: `vault.${config.domain}` },
  };
}

/** Answers `/metadata/endpoints`: an object for old versions, an array of clouds since 2018. */
export function endpointMetadata(config: StampConfig, origin: string, apiVersion: string): unknown {
  const at = serviceAddresses(config, origin);
  const year = /^(\d{4})-\d{2}-\d{2}/.exec(apiVersion)?.[1];
  if (year === undefined || Number(year) < 2018) {
    return {
      galleryEndpoint: `${at.portal.replace(/\/$/, "").replace(/:\d+$/, "")}:30015/`,
      graphEndpoint: at.graph,
      portalEndpoint: at.portal,
      authentication: { loginEndpoint: at.login, audiences: [config.audience] },
    };
  }
  const entry = cloudEntry(config, at);
  return apiVersion === "2022-09-01" && config.newestMetadataShape === "object" ? entry : [entry];
}

/** Answers `.well-known/openid-configuration`. `base` is the authority as the client called it, without an end slash. */
export function openidConfiguration(base: string, issuer: string, version: "v1" | "v2"): Record<string, unknown> {
  const word = version === "v2" ? "oauth2/v2.0" : "oauth2";
  return {
    issuer,
    authorization_endpoint: `${base}/${word}/authorize`,
    token_endpoint: `${base}/${word}/token`,
    jwks_uri: `${base}/discovery/keys`,
    token_endpoint_auth_methods_supported: ["client_secret_post", "client_secret_basic", "private_key_jwt"],
    response_types_supported: ["code", "id_token", "token"],
    subject_types_supported: ["pairwise"],
    id_token_signing_alg_values_supported: ["RS256"],
    grant_types_supported: ["client_credentials"],
  };
}
