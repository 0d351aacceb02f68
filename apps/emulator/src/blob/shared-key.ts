import { createHmac, timingSafeEqual } from "node:crypto";
import type { BlobCall } from "./blob-call.ts";
import { authenticationFailed } from "./blob-error.ts";

const signedHeaders = [
  "content-encoding",
  "content-language",
  "content-length",
  "content-md5",
  "content-type",
  "date",
  "if-modified-since",
  "if-match",
  "if-none-match",
  "if-unmodified-since",
  "range",
] as const;

/** The string that a Shared Key request signs (storage REST, "Authorize with Shared Key", 2015-02-21 and later). */
export function stringToSign(call: BlobCall): string {
  const lines = signedHeaders.map((name) => {
    const value = call.header(name) ?? "";
    if (name === "content-length") return value === "0" ? "" : value;
    if (name === "date") return call.header("x-ms-date") === undefined ? value : "";
    return value;
  });
  const canonicalHeaders = Object.keys(call.request.headers)
    .filter((name) => name.startsWith("x-ms-"))
    .sort()
    .map((name) => `${name}:${(call.header(name) ?? "").replaceAll(/\s+/g, " ").trim()}`);
  const names = [...new Set([...call.query.keys()].map((name) => name.toLowerCase()))].sort();
  const canonicalQuery = names.map((name) => {
    const values = [...call.query].filter(([key]) => key.toLowerCase() === name).map(([, value]) => value);
    return `${name}:${values.sort().join(",")}`;
  });
  const resource = [`/${call.account}${call.url.pathname}`, ...canonicalQuery].join("\n");
  return [call.method, ...lines, ...canonicalHeaders, resource].join("\n");
}

export function hmac(key: string, text: string): string {
  return createHmac("sha256", Buffer.from(key, "base64")).update(text, "utf8").digest("base64");
}

export function isSameSignature(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

/** Checks `Authorization: SharedKey account:signature` against either key. */
export function requireSharedKey(call: BlobCall, authorization: string, keys: readonly string[]): void {
  const [, account, signature] = /^SharedKey ([^:]+):(.+)$/.exec(authorization) ?? [];
  if (account?.toLowerCase() !== call.account || signature === undefined) {
    throw authenticationFailed("The Authorization header does not name this account.");
  }
  const text = stringToSign(call);
  if (keys.some((key) => isSameSignature(hmac(key, text), signature))) return;
  throw authenticationFailed(
    `The MAC signature found in the HTTP request is not the same as any computed signature. Server used following string to sign: '${text}'.`,
  );
}
