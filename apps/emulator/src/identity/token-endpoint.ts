import { X509Certificate } from "node:crypto";
import { decodeJwt, errors, jwtVerify } from "jose";
import type { StampConfig } from "../core/stamp-config.ts";
import { hasSecret, type Principal, type PrincipalStore } from "./principal-store.ts";
import type { TokenIssuer } from "./token-issuer.ts";

export interface TokenReply {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

export interface TokenEndpointDeps {
  readonly config: StampConfig;
  readonly principals: PrincipalStore;
  readonly issuer: TokenIssuer;
  now(): number;
  uuid(): string;
}

class OauthRefusal extends Error {
  readonly status: number;
  readonly error: string;

  constructor(status: number, error: string, description: string) {
    super(description);
    this.status = status;
    this.error = error;
  }
}

const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/** The resource that a v1 or v2 request names. */
function audienceOf(config: StampConfig, form: URLSearchParams): string {
  const resource = form.get("resource");
  if (resource !== null && resource !== "") return resource;
  const scope = (form.get("scope") ?? "").split(" ").find((word) => word.endsWith("/.default"));
  if (scope === undefined) {
    throw new OauthRefusal(
      400,
      "invalid_request",
      "The request names neither a resource nor a scope ending in /.default.",
    );
  }
  if (config.identity === "adfs" && !config.acceptsDefaultScope) {
    throw new OauthRefusal(
      400,
      "invalid_scope",
      "MSIS9655: Received invalid OAuth request. The scope parameter is not known to this version of AD FS.",
    );
  }
  return scope.slice(0, -"/.default".length);
}

/** Checks a client assertion by the certificates registered for its client: signature, ends, and who it is from. */
async function hasValidAssertion(principal: Principal, assertion: string, deps: TokenEndpointDeps): Promise<boolean> {
  for (const certificate of principal.certificates) {
    try {
      const { payload } = await jwtVerify(assertion, new X509Certificate(certificate).publicKey, {
        issuer: principal.clientId,
        subject: principal.clientId,
        clockTolerance: 300,
        currentDate: new Date(deps.now()),
        requiredClaims: ["exp", "aud"],
      });
      const audiences = [payload.aud ?? []].flat();
      // The host may be localhost or a name behind a proxy; the path is what sets the endpoints apart.
      if (audiences.some((audience) => /\/oauth2(\/v2\.0)?\/token\/?$/.test(audience))) return true;
    } catch (error) {
      if (!(error instanceof errors.JOSEError)) throw error;
    }
  }
  return false;
}

async function authenticate(form: URLSearchParams, deps: TokenEndpointDeps): Promise<Principal> {
  const assertion = form.get("client_assertion");
  const clientId = form.get("client_id") ?? (assertion === null ? "" : subjectOf(assertion));
  const principal = deps.principals.find(clientId);
  if (principal === undefined) {
    throw new OauthRefusal(
      400,
      "unauthorized_client",
      `AADSTS700016: Application with identifier '${clientId}' was not found in the directory '${deps.config.tenantId}'.`,
    );
  }
  if (assertion !== null) {
    const isTyped = form.get("client_assertion_type") === assertionType;
    if (isTyped && (await hasValidAssertion(principal, assertion, deps))) return principal;
    throw new OauthRefusal(401, "invalid_client", "AADSTS700027: Client assertion failed signature validation.");
  }
  const secret = form.get("client_secret");
  if (secret !== null && hasSecret(principal, secret)) return principal;
  throw new OauthRefusal(
    401,
    "invalid_client",
    `AADSTS7000215: Invalid client secret provided for application '${clientId}'.`,
  );
}

function subjectOf(assertion: string): string {
  try {
    return decodeJwt(assertion).sub ?? "";
  } catch (error) {
    if (error instanceof errors.JOSEError) return "";
    throw error;
  }
}

/** Answers `POST …/oauth2/token` and `POST …/oauth2/v2.0/token` for the client credentials grant. */
export async function answerTokenRequest(form: URLSearchParams, deps: TokenEndpointDeps): Promise<TokenReply> {
  try {
    if (form.get("grant_type") !== "client_credentials") {
      throw new OauthRefusal(400, "unsupported_grant_type", "Only the grant type client_credentials is supported.");
    }
    const audience = audienceOf(deps.config, form);
    const principal = await authenticate(form, deps);
    const { token, notBefore, expiresOn } = await deps.issuer.issue(principal, audience);
    // Strings, as v1 endpoints answer: some clients fetch a token before every call when they are numbers.
    return {
      status: 200,
      body: {
        token_type: "Bearer",
        expires_in: String(deps.config.tokenLifetimeSeconds),
        ext_expires_in: String(deps.config.tokenLifetimeSeconds),
        expires_on: String(expiresOn),
        not_before: String(notBefore),
        resource: audience,
        access_token: token,
      },
    };
  } catch (error) {
    if (!(error instanceof OauthRefusal)) throw error;
    return {
      status: error.status,
      body: {
        error: error.error,
        error_description: error.message,
        timestamp: new Date(deps.now()).toISOString(),
        correlation_id: deps.uuid(),
      },
    };
  }
}
