import { createHash, getFips } from "node:crypto";
import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import type { LookupFunction } from "node:net";
import { setImmediate } from "node:timers/promises";
import { createSecureContext, getCACertificates } from "node:tls";
import type { S3Client } from "@aws-sdk/client-s3";
import { MiB } from "@holdfast/kernel";
import type { Secret } from "@holdfast/kernel";
import type { S3Location } from "./s3-location.ts";

export interface S3Credential {
  readonly accessKeyId: string;
  readonly secretAccessKey: Secret;
  /** Of a key that was lent for a time. */
  readonly sessionToken?: Secret;
}

export interface S3Network {
  /** Authorities trusted besides the system's. */
  readonly caPem?: string;
  /** Finds hosts that no DNS knows. */
  readonly lookup?: LookupFunction;
}

export type S3Sdk = typeof import("@aws-sdk/client-s3");

/** Makes the SDK's client. Bodies are hashed for the signature by the platform's threads, not by this one. */
export function connectS3(
  sdk: S3Sdk,
  { endpoint, region, isPathStyle }: S3Location,
  credential: S3Credential,
  network: S3Network,
): S3Client {
  const { sessionToken } = credential;
  const client = new sdk.S3Client({
    region,
    ...(endpoint === null ? {} : { endpoint }),
    forcePathStyle: isPathStyle,
    credentials: {
      accessKeyId: credential.accessKeyId,
      secretAccessKey: credential.secretAccessKey.reveal(),
      ...(sessionToken === undefined ? {} : { sessionToken: sessionToken.reveal() }),
    },
    maxAttempts: 4,
    // Servers other than Amazon's do not know the checksums that the SDK would add by itself.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    requestHandler: { connectionTimeout: 10_000, socketTimeout: 120_000, ...createAgents(network) },
  });
  client.middlewareStack.add(
    (next) => async (args) => {
      const { request, input } = args as { request: { headers?: Record<string, string> }; input: { Body?: unknown } };
      if (input.Body instanceof Uint8Array && request.headers !== undefined)
        request.headers["x-amz-content-sha256"] = (await sha256(input.Body)).toString("hex");
      return await next(args);
    },
    { step: "build", name: "hashBody" },
  );
  return client;
}

/**
 * Answers the checksum that a put with a lock must carry: MD5, which every server with locks knows, in slices, so that the
 * thread stays free for others; SHA-256 where FIPS rules.
 */
export async function lockChecksum(
  bytes: Uint8Array,
  isFips = getFips() === 1,
): Promise<{ readonly ContentMD5: string } | { readonly ChecksumSHA256: string }> {
  if (isFips) return { ChecksumSHA256: (await sha256(bytes)).toString("base64") };
  const hash = createHash("md5");
  for (let start = 0; start < bytes.length; start += 2 * MiB) {
    if (start > 0) await setImmediate();
    hash.update(bytes.subarray(start, start + 2 * MiB));
  }
  return { ContentMD5: hash.digest("base64") };
}

async function sha256(bytes: Uint8Array): Promise<Buffer> {
  // Web Crypto takes no memory that threads share.
  return Buffer.from(await crypto.subtle.digest("SHA-256", new Uint8Array(bytes)));
}

function createAgents({ caPem, lookup }: S3Network): { httpAgent: HttpAgent; httpsAgent: HttpsAgent } {
  const shared = { keepAlive: true, maxSockets: 16, ...(lookup === undefined ? {} : { lookup }) };
  const secureContext =
    caPem === undefined ? undefined : createSecureContext({ ca: [...getCACertificates("default"), caPem] });
  return {
    httpAgent: new HttpAgent(shared),
    httpsAgent: new HttpsAgent({ ...shared, ...(secureContext === undefined ? {} : { secureContext }) }),
  };
}
