import { createHmac } from "node:crypto";

/** What the signature of a blob request covers. Header names in any case; the query is that of the URL. */
export interface SignableRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly contentLengthBytes: number;
}

// Order is the protocol's (Shared Key for blobs, 2015-02-21 and later).
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

/** Makes the Authorization header of a Shared Key request. `x-ms-date` must be among the headers. */
export function signSharedKey(
  request: SignableRequest,
  account: { readonly name: string; readonly keyBase64: string },
): string {
  const text = stringToSign(request, account.name);
  const signature = createHmac("sha256", Buffer.from(account.keyBase64, "base64"))
    .update(text, "utf8")
    .digest("base64");
  return `SharedKey ${account.name}:${signature}`;
}

function stringToSign(request: SignableRequest, accountName: string): string {
  const headers = new Map(Object.entries(request.headers).map(([name, value]) => [name.toLowerCase(), value.trim()]));
  // A length of zero is signed as nothing.
  headers.set("content-length", request.contentLengthBytes === 0 ? "" : String(request.contentLengthBytes));
  return [
    request.method,
    ...signedHeaders.map((name) => headers.get(name) ?? ""),
    ...canonicalHeaders(headers),
    canonicalResource(request.url, accountName),
  ].join("\n");
}

function canonicalHeaders(headers: ReadonlyMap<string, string>): string[] {
  return [...headers]
    .filter(([name]) => name.startsWith("x-ms-"))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}:${value.replaceAll(/\s*\n\s*/g, " ")}`);
}

function canonicalResource(url: URL, accountName: string): string {
  const parameters = new Map<string, string[]>();
  for (const [name, value] of url.searchParams) {
    const key = name.toLowerCase();
    parameters.set(key, [...(parameters.get(key) ?? []), value]);
  }
  const lines = [...parameters]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, values]) => `\n${name}:${values.sort().join(",")}`);
  return `/${accountName}${url.pathname}${lines.join("")}`;
}
