import { type Clock, HoldfastError, type Random, Secret } from "@holdfast/kernel";
import { z } from "zod";
import type { StampConfig } from "../config.ts";
import type { StampEndpoints } from "../discovery/endpoints.ts";
import type { HttpCaller } from "../http/http-caller.ts";
import type { HttpAnswer } from "../http/http-message.ts";
import type { StampTime } from "../http/stamp-time.ts";
import { type CertificateCredential, makeClientAssertion, readCertificateCredential } from "./client-assertion.ts";
import { tokenError } from "./token-error.ts";

/** A token is renewed this long before its end: longer than the longest single call may wait. */
const renewEarlyMs = 5 * 60_000;

/** Access tokens for one stamp, cached and renewed early; one renewal at a time. */
export interface TokenSource {
  token(options?: { readonly signal?: AbortSignal | undefined }): Promise<Secret>;
  /** Drops the cached token, so that the next call fetches one. */
  forget(): void;
  skewMs(): number;
}

export interface TokenSourceDeps {
  readonly caller: HttpCaller;
  readonly clock: Clock;
  readonly random: Random;
  readonly time: StampTime;
}

const grantSchema = z.object({
  access_token: z.string().min(1),
  // Version 1 answers and AD FS give numbers as text.
  expires_in: z.coerce.number().positive(),
});

/**
 * Signs in with client credentials. The flow is our own, one form post, and not MSAL's, for three reasons: builds before
 * 1.2108.2.130 take only `resource=` on AD FS, which MSAL cannot send; MSAL reads the machine's clock and not ours, so
 * that expiry could not be tested; and it asks for documents about authorities that a disconnected site may not serve.
 */
export function createTokenSource(config: StampConfig, endpoints: StampEndpoints, deps: TokenSourceDeps): TokenSource {
  const certificate =
    config.credential.kind === "certificate" ? readCertificateCredential(config.credential.pem) : null;
  let cached: { readonly token: Secret; readonly renewAtMs: number } | null = null;
  let pending: Promise<Secret> | null = null;

  const fetchToken = async (): Promise<Secret> => {
    const answer = await postForm(config, endpoints, certificate, deps);
    const grant = answer.status === 200 ? grantSchema.safeParse(parseJson(answer)) : null;
    if (grant === null || !grant.success) {
      throw tokenError(config, { status: answer.status, body: parseJson(answer), skewMs: deps.time.skewMs() });
    }
    const token = new Secret(grant.data.access_token);
    const lifeMs = grant.data.expires_in * 1000;
    // A short-lived token is renewed at half its life instead of before every call.
    cached = { token, renewAtMs: deps.clock.monotonicMs() + Math.max(lifeMs - renewEarlyMs, lifeMs / 2) };
    return token;
  };
  return {
    token: async ({ signal } = {}) => {
      signal?.throwIfAborted();
      if (cached !== null && deps.clock.monotonicMs() < cached.renewAtMs) return cached.token;
      // Shared by all who wait, so no single caller's signal may end it.
      pending ??= fetchToken().finally(() => {
        pending = null;
      });
      return pending;
    },
    forget: () => {
      cached = null;
    },
    skewMs: () => deps.time.skewMs(),
  };
}

function tokenAddress(config: StampConfig, endpoints: StampEndpoints): string {
  return endpoints.identityProvider === "AD FS"
    ? `${endpoints.loginEndpoint}/oauth2/token`
    : `${endpoints.loginEndpoint}/${encodeURIComponent(config.tenant)}/oauth2/v2.0/token`;
}

async function postForm(
  config: StampConfig,
  endpoints: StampEndpoints,
  certificate: CertificateCredential | null,
  deps: TokenSourceDeps,
): Promise<HttpAnswer> {
  const address = tokenAddress(config, endpoints);
  const form = (): URLSearchParams => {
    const fields = new URLSearchParams({ grant_type: "client_credentials", client_id: config.clientId });
    if (endpoints.identityProvider === "AD FS") fields.set("resource", endpoints.audience);
    else fields.set("scope", `${endpoints.audience}/.default`);
    if (config.credential.kind === "secret") {
      fields.set("client_secret", config.credential.secret.reveal());
    } else if (certificate !== null) {
      fields.set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
      fields.set(
        "client_assertion",
        makeClientAssertion(certificate, {
          audience: address,
          clientId: config.clientId,
          nowMs: deps.clock.now(),
          id: deps.random.uuid(),
        }),
      );
    }
    return fields;
  };
  return deps.caller.call(
    (clientRequestId) => ({
      method: "POST",
      url: new URL(address),
      headers: {
        Accept: "application/json",
        "Content-Type": "application/x-www-form-urlencoded",
        "client-request-id": clientRequestId,
      },
      body: Buffer.from(form().toString()),
      maxAnswerBytes: 1024 * 1024,
      timeoutMs: 30_000,
    }),
    // Asking for a token twice changes nothing.
    { isIdempotent: true },
  );
}

function parseJson(answer: HttpAnswer): unknown {
  try {
    return JSON.parse(answer.body.toString("utf8"));
  } catch (cause) {
    throw new HoldfastError({
      code: "stackhub.identity.not-a-provider",
      message: `the sign-in address answered with status ${answer.status} and no JSON`,
      advice: "Check the network to the identity provider, and any proxy that asks for a sign-in of its own.",
      kind: "fault",
      details: { status: answer.status },
      cause,
    });
  }
}
