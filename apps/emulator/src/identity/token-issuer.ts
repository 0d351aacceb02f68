import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { errors, exportJWK, jwtVerify, SignJWT, type JWTPayload } from "jose";
import type { StampConfig } from "../core/stamp-config.ts";
import type { Principal } from "./principal-store.ts";

/** Why a bearer token was not taken. */
export class TokenRefused extends Error {
  readonly reason: "audience" | "expired" | "invalid";

  constructor(reason: TokenRefused["reason"], message: string) {
    super(message);
    this.reason = reason;
  }
}

export interface IssuedToken {
  readonly token: string;
  readonly notBefore: number;
  readonly expiresOn: number;
}

export interface VerifiedCaller {
  readonly principalId: string;
  readonly clientId: string;
}

/** Signs and checks the bearer tokens of one stamp. */
export interface TokenIssuer {
  readonly issuer: string;
  issue(principal: Principal, audience: string): Promise<IssuedToken>;
  /** Throws TokenRefused. */
  verify(token: string): Promise<VerifiedCaller>;
  /** The public key as a JSON Web Key Set. */
  keySet(): Promise<unknown>;
}

export interface TokenIssuerDeps {
  readonly config: StampConfig;
  /** PEM of an RSA key. */
  readonly signingKey: string;
  now(): number;
}

/** What tokens say of who made them. Not an address that anyone calls. */
export function issuerOf(config: StampConfig): string {
  return config.identity === "adfs"
    ? `https://adfs.${config.domain}/adfs/services/trust`
    : `https://sts.windows.net/${config.tenantId}/`;
}

/** Clients and stamps never agree to the second. */
const toleratedSkewSeconds = 300;
const keyId = "emulator-1";

function refusalOf(error: unknown): TokenRefused {
  if (error instanceof errors.JWTExpired)
    return new TokenRefused("expired", "The access token expiry UTC time is past.");
  if (error instanceof errors.JWTClaimValidationFailed && error.claim === "aud") {
    return new TokenRefused("audience", "The access token has been obtained for wrong audience or resource.");
  }
  if (error instanceof errors.JOSEError) return new TokenRefused("invalid", "The access token is invalid.");
  throw error;
}

export function createTokenIssuer({ config, signingKey, now }: TokenIssuerDeps): TokenIssuer {
  const privateKey: KeyObject = createPrivateKey(signingKey);
  const publicKey: KeyObject = createPublicKey(privateKey);
  const issuer = issuerOf(config);
  return {
    issuer,
    issue: async (principal, audience) => {
      const notBefore = Math.floor(now() / 1000);
      const expiresOn = notBefore + config.tokenLifetimeSeconds;
      const token = await new SignJWT({
        appid: principal.clientId,
        oid: principal.objectId,
        sub: principal.objectId,
        tid: config.tenantId,
        ver: "1.0",
      })
        .setProtectedHeader({ alg: "RS256", typ: "JWT", kid: keyId })
        .setIssuer(issuer)
        .setAudience(audience)
        .setIssuedAt(notBefore)
        .setNotBefore(notBefore)
        .setExpirationTime(expiresOn)
        .sign(privateKey);
      return { token, notBefore, expiresOn };
    },
    verify: async (token) => {
      let payload: JWTPayload;
      try {
        ({ payload } = await jwtVerify(token, publicKey, {
          algorithms: ["RS256"],
          issuer,
          audience: [config.audience, `${config.audience}/`],
          clockTolerance: toleratedSkewSeconds,
          currentDate: new Date(now()),
          requiredClaims: ["exp", "nbf", "oid", "appid"],
        }));
      } catch (error) {
        throw refusalOf(error);
      }
      return { principalId: String(payload["oid"]), clientId: String(payload["appid"]) };
    },
    keySet: async () => ({ keys: [{ ...(await exportJWK(publicKey)), kid: keyId, use: "sig", alg: "RS256" }] }),
  };
}
