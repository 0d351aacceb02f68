import { pathSegments } from "../arm/arm-path.ts";
import type { StampConfig } from "../core/stamp-config.ts";
import { openidConfiguration } from "./endpoint-metadata.ts";
import { answerTokenRequest, type TokenEndpointDeps, type TokenReply } from "./token-endpoint.ts";

export interface IdentityRequest {
  readonly method: string;
  readonly url: URL;
  readonly form: URLSearchParams;
}

const adfsTenant = /^(adfs)$/i;

/** Whether a path belongs to the sign-in service of this stamp: `/adfs/…`, or `/<tenant>/oauth2/…` of an Entra one. */
export function isIdentityPath(config: StampConfig, path: string): boolean {
  const segments = pathSegments(path);
  const first = segments[0] ?? "";
  if (adfsTenant.test(first)) return config.identity === "adfs";
  if (config.identity !== "entra") return false;
  return /^(v2\.0|oauth2|\.well-known|discovery)$/i.test(segments[1] ?? "") || first.toLowerCase() === "common";
}

function refusal(code: string, description: string): TokenReply {
  return { status: 400, body: { error: code, error_description: description } };
}

/** Instance discovery, which some clients ask of the public service whatever the authority is. */
function instanceDiscovery(config: StampConfig, request: IdentityRequest): TokenReply {
  const asked = request.url.searchParams.get("authorization_endpoint");
  const origin = asked === null ? request.url.origin : new URL(asked).origin;
  return {
    status: 200,
    body: {
      tenant_discovery_endpoint: `${origin}/${config.tenantId}/v2.0/.well-known/openid-configuration`,
      "api-version": "1.1",
      metadata: [],
    },
  };
}

/**
 * The issuer that the discovery document names. Newer MSAL libraries refuse one of another host than the authority's, so
 * a stamp that is asked as localhost names itself so; the tokens themselves keep the stamp's one issuer.
 */
function shownIssuer(url: URL, base: string, issuer: string): string {
  return url.hostname === "localhost" || url.hostname === "127.0.0.1" ? base : issuer;
}

/** Answers everything that the login host of a stamp answers. */
export async function answerIdentity(request: IdentityRequest, deps: TokenEndpointDeps): Promise<TokenReply> {
  const { config, issuer } = deps;
  const segments = pathSegments(request.url.pathname);
  const rest = segments.slice(1).join("/").toLowerCase();
  const tenant = segments[0] ?? "";
  if (rest === "discovery/instance") return instanceDiscovery(config, request);
  const isAdfs = config.identity === "adfs";
  const isTenantKnown = isAdfs || [config.tenantId.toLowerCase(), "common"].includes(tenant.toLowerCase());
  if (!isTenantKnown) {
    return refusal("invalid_request", `AADSTS90002: Tenant '${tenant}' not found.`);
  }
  const base = `${request.url.origin}/${tenant}`;
  // Clients that were given the tenant `adfs` repeat it: /adfs/adfs/.well-known/…
  const path = isAdfs ? rest.replace(/^adfs\//, "") : rest;
  if (path === ".well-known/openid-configuration" || path === "v2.0/.well-known/openid-configuration") {
    const version = !isAdfs && path.startsWith("v2.0") ? "v2" : "v1";
    return { status: 200, body: openidConfiguration(base, shownIssuer(request.url, base, issuer.issuer), version) };
  }
  if (path === "discovery/keys") return { status: 200, body: (await issuer.keySet()) as Record<string, unknown> };
  if (path === "oauth2/token" || (!isAdfs && path === "oauth2/v2.0/token")) {
    if (request.method === "POST") return answerTokenRequest(request.form, deps);
    return refusal("invalid_request", "The token endpoint takes POST only.");
  }
  return { status: 404, body: { error: "not_found", error_description: `No such endpoint: ${request.url.pathname}` } };
}
