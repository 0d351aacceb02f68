import { createPrivateKey, type KeyObject, sign, X509Certificate } from "node:crypto";
import { HoldfastError, type Secret } from "@holdfast/kernel";

export interface CertificateCredential {
  readonly key: KeyObject;
  /** Leaf first. */
  readonly chain: readonly X509Certificate[];
}

/** Reads one PEM text with a private key and its certificate; the chain may follow in any order. */
export function readCertificateCredential(pem: Secret): CertificateCredential {
  const text = pem.reveal();
  const certificates = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  const keyText = /-----BEGIN (?:RSA )?PRIVATE KEY-----[^-]+-----END (?:RSA )?PRIVATE KEY-----/.exec(text)?.[0];
  if (keyText === undefined || certificates.length === 0) {
    throw badCertificate("the file needs a private key without passphrase and its certificate");
  }
  let key: KeyObject;
  let parsed: X509Certificate[];
  try {
    key = createPrivateKey(keyText);
    parsed = certificates.map((certificate) => new X509Certificate(certificate));
  } catch (cause) {
    throw badCertificate("the private key or the certificate cannot be read", cause);
  }
  const leaf = parsed.find((certificate) => certificate.checkPrivateKey(key));
  if (key.asymmetricKeyType !== "rsa") throw badCertificate("only RSA keys can sign in");
  if (leaf === undefined) throw badCertificate("the private key does not belong to the certificate");
  return { key, chain: [leaf, ...parsed.filter((certificate) => certificate !== leaf)] };
}

/**
 * Makes a signed client assertion (RFC 7523). The whole chain goes along as x5c, because a stamp may trust the
 * authority of a certificate and not the certificate itself; x5t names the leaf by its SHA-1 as both providers expect.
 */
export function makeClientAssertion(
  credential: CertificateCredential,
  claims: { readonly audience: string; readonly clientId: string; readonly nowMs: number; readonly id: string },
): string {
  const leaf = credential.chain[0]!;
  const header = {
    alg: "RS256",
    typ: "JWT",
    x5t: Buffer.from(leaf.fingerprint.replaceAll(":", ""), "hex").toString("base64url"),
    x5c: credential.chain.map((certificate) => certificate.raw.toString("base64")),
  };
  const nowSeconds = Math.floor(claims.nowMs / 1000);
  const payload = {
    aud: claims.audience,
    iss: claims.clientId,
    sub: claims.clientId,
    jti: claims.id,
    nbf: nowSeconds,
    iat: nowSeconds,
    exp: nowSeconds + 600,
  };
  const encode = (part: unknown): string => Buffer.from(JSON.stringify(part)).toString("base64url");
  const signed = `${encode(header)}.${encode(payload)}`;
  return `${signed}.${sign("sha256", Buffer.from(signed), credential.key).toString("base64url")}`;
}

function badCertificate(finding: string, cause?: unknown): HoldfastError {
  return new HoldfastError({
    code: "stackhub.identity.bad-certificate",
    message: `the client certificate cannot be used: ${finding}`,
    advice:
      "Give --certificate a PEM file with the RSA private key, the certificate and, where there is one, its chain.",
    cause,
  });
}
