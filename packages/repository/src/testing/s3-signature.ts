import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

export interface S3Account {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** What is wrong with a request's signature, as S3 names it. */
export type SignatureProblem =
  | "AccessDenied"
  | "InvalidAccessKeyId"
  | "SignatureDoesNotMatch"
  | "AuthorizationHeaderMalformed"
  | "XAmzContentSHA256Mismatch";

/**
 * Checks a request by the published rules of Signature Version 4 (header form, whole body hashed): written from them and
 * not with the SDK, so that the two do not agree by accident. Answers null where the signature is good.
 */
export function checkSignature(
  request: IncomingMessage,
  body: Uint8Array,
  account: S3Account,
  region: string,
): SignatureProblem | null {
  const found =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(
      request.headers.authorization ?? "",
    );
  if (found === null) return "AccessDenied";
  const [, keyId = "", day = "", scopeRegion = "", signed = "", signature = ""] = found;
  if (keyId !== account.accessKeyId) return "InvalidAccessKeyId";
  if (scopeRegion !== region) return "AuthorizationHeaderMalformed";
  const time = header(request, "x-amz-date");
  const names = signed.split(";");
  const mustBeSigned = Object.keys(request.headers).filter((name) => name.startsWith("x-amz-") || name === "host");
  if (!time.startsWith(day) || mustBeSigned.some((name) => !names.includes(name))) return "SignatureDoesNotMatch";
  const bodyHash = header(request, "x-amz-content-sha256");
  if (bodyHash !== hash(body)) return "XAmzContentSHA256Mismatch";
  const scope = `${day}/${region}/s3/aws4_request`;
  const text = ["AWS4-HMAC-SHA256", time, scope, hash(canonicalRequest(request, names, bodyHash))].join("\n");
  const key = [day, region, "s3", "aws4_request"].reduce<Buffer>(mac, Buffer.from(`AWS4${account.secretAccessKey}`));
  return timingSafeEqual(mac(key, text), Buffer.from(signature, "hex")) ? null : "SignatureDoesNotMatch";
}

function canonicalRequest(request: IncomingMessage, names: readonly string[], bodyHash: string): string {
  const url = new URL(request.url ?? "/", "http://server");
  const query = [...url.searchParams]
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .toSorted((a, b) => (a < b ? -1 : 1))
    .join("&");
  const path = url.pathname
    .split("/")
    .map((part) => encode(decodeURIComponent(part)))
    .join("/");
  const headers = names.map((name) => `${name}:${header(request, name).trim().replace(/ +/g, " ")}\n`).join("");
  return [request.method, path, query, headers, names.join(";"), bodyHash].join("\n");
}

function header(request: IncomingMessage, name: string): string {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(",") : (value ?? "");
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function mac(key: Uint8Array, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

function hash(bytes: Uint8Array | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}
