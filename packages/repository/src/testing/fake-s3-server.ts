import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { checkSignature } from "./s3-signature.ts";
import type { S3Account } from "./s3-signature.ts";

/** What a test makes of one request: spoils it before or after its effect, or lets it be. */
export type S3Fault =
  | { readonly kind: "answer"; readonly status: number; readonly code: string }
  /** The effect happens, and the answer is lost. */
  | { readonly kind: "lose-answer" }
  /** The answer breaks off in the middle of its body. */
  | { readonly kind: "break-off" };

export interface FakeS3Options {
  readonly account?: S3Account;
  readonly region?: string;
  /** False for a server that knows no conditional put and replaces objects. */
  readonly isExclusive?: boolean;
  /** Buckets can lock; without it lock headers are refused, as by Amazon. */
  readonly hasObjectLock?: boolean;
  /** True for a server that takes lock headers and forgets them. */
  readonly forgetsLocks?: boolean;
  /** Time by which locks end. */
  readonly nowMs?: () => number;
  /** Most keys in one page of a listing. */
  readonly pageSize?: number;
  readonly fault?: (method: string, key: string) => S3Fault | undefined;
}

interface Version {
  readonly id: string;
  /** Null: a marker that hides what is below it. */
  readonly bytes: Buffer | null;
  readonly metadata: Readonly<Record<string, string>>;
  readonly lock: { readonly mode: string; readonly untilMs: number } | null;
}

interface Call {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly query: URLSearchParams;
  readonly body: Buffer;
  readonly bucket: Map<string, Version[]>;
  readonly key: string;
}

export const fakeS3Account: S3Account = { accessKeyId: "AKFAKE", secretAccessKey: "of-the-fake-only" };

/**
 * An S3-compatible server in memory, for tests: signature version 4, put with conditions and locks, ranges, listings in
 * pages with opaque tokens, versions where locks are. It answers what Amazon documents; what it does not know is a 501.
 */
export async function startFakeS3(options: FakeS3Options = {}) {
  const fake = new FakeS3(options);
  const server = createServer((request, response) => void fake.answer(request, response)).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** Bucket to key to versions, the newest last; may be changed to damage the store. */
    buckets: fake.buckets,
    /** Method and key of each request. */
    requests: fake.requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

class FakeS3 {
  readonly buckets = new Map<string, Map<string, Version[]>>();
  readonly requests: string[] = [];
  readonly #options: FakeS3Options;
  #versions = 0;

  constructor(options: FakeS3Options) {
    this.#options = options;
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    try {
      for await (const part of request) parts.push(part as Buffer);
    } catch {
      // The client went away.
      response.destroy();
      return;
    }
    const body = Buffer.concat(parts);
    const { account = fakeS3Account, region = "us-east-1" } = this.#options;
    const problem = checkSignature(request, body, account, region);
    const url = new URL(request.url ?? "/", "http://server");
    const [, bucketName = "", ...rest] = decodeURIComponent(url.pathname).split("/");
    const key = rest.join("/");
    this.requests.push(`${request.method} ${key}`);
    if (problem !== null) return refuse(response, problem.startsWith("Auth") ? 400 : 403, problem);
    const fault = this.#options.fault?.(request.method ?? "", key);
    if (fault?.kind === "answer") return refuse(response, fault.status, fault.code);
    if (fault?.kind === "lose-answer") response.write = response.end = () => response.destroy() as never;
    const bucket = this.buckets.get(bucketName);
    if (bucket === undefined) return refuse(response, 404, "NoSuchBucket");
    const call = { request, response, query: url.searchParams, body, bucket, key };
    if (fault?.kind === "break-off") return this.#breakOff(call);
    return this.#dispatch(call);
  }

  #dispatch(call: Call): void {
    const { request, response, query, bucket, key } = call;
    const { method } = request;
    if (key === "" && method === "HEAD") return void response.writeHead(200).end();
    if (key === "" && method === "GET" && query.has("object-lock")) return this.#bucketLock(response);
    if (key === "" && method === "GET" && query.get("list-type") === "2") return this.#list(call);
    if (method === "PUT") return this.#put(call);
    if (method === "DELETE") return this.#delete(call);
    const found = bucket.get(key)?.at(-1);
    if (method !== "GET" && method !== "HEAD") return refuse(response, 501, "NotImplemented");
    if (found === undefined || found.bytes === null) return refuse(response, 404, "NoSuchKey");
    return this.#read(call, found, found.bytes);
  }

  #put({ request, response, body, bucket, key }: Call): void {
    const { isExclusive = true, hasObjectLock = false, forgetsLocks = false } = this.#options;
    const headers = request.headers as Record<string, string>;
    const md5 = headers["content-md5"];
    if (md5 !== undefined && md5 !== createHash("md5").update(body).digest("base64"))
      return refuse(response, 400, "BadDigest");
    const versions = bucket.get(key) ?? [];
    const isThere = versions.at(-1) !== undefined && versions.at(-1)?.bytes !== null;
    if (isExclusive && headers["if-none-match"] === "*" && isThere) return refuse(response, 412, "PreconditionFailed");
    const mode = headers["x-amz-object-lock-mode"];
    if (mode !== undefined && !hasObjectLock && !forgetsLocks) return refuse(response, 400, "InvalidRequest");
    if (mode !== undefined && md5 === undefined && headers["x-amz-checksum-sha256"] === undefined)
      return refuse(response, 400, "InvalidRequest");
    const untilMs = Date.parse(headers["x-amz-object-lock-retain-until-date"] ?? "");
    this.#versions += 1;
    const version: Version = {
      id: `v${this.#versions}`,
      bytes: body,
      metadata: Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith("x-amz-meta-"))),
      lock: mode === undefined || forgetsLocks ? null : { mode, untilMs },
    };
    bucket.set(key, hasObjectLock ? [...versions, version] : [version]);
    response.writeHead(200, hasObjectLock ? { "x-amz-version-id": version.id } : {}).end();
  }

  #read({ request, response }: Call, version: Version, bytes: Buffer): void {
    const headers: Record<string, string> = { ...version.metadata, "accept-ranges": "bytes" };
    if (this.#options.hasObjectLock === true) headers["x-amz-version-id"] = version.id;
    if (version.lock !== null) {
      headers["x-amz-object-lock-mode"] = version.lock.mode;
      headers["x-amz-object-lock-retain-until-date"] = new Date(version.lock.untilMs).toISOString();
    }
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "");
    const start = Number(range?.[1] ?? 0);
    const end = Math.min(Number(range?.[2] ?? bytes.length) + 1, bytes.length);
    if (range !== null && start >= bytes.length) return refuse(response, 416, "InvalidRange");
    if (range !== null) headers["content-range"] = `bytes ${start}-${end - 1}/${bytes.length}`;
    headers["content-length"] = String(end - start);
    response.writeHead(range === null ? 200 : 206, headers);
    response.end(request.method === "HEAD" ? undefined : bytes.subarray(start, end));
  }

  #breakOff({ response, bucket, key }: Call): void {
    const bytes = bucket.get(key)?.at(-1)?.bytes ?? Buffer.alloc(2);
    response.writeHead(200, { "content-length": bytes.length });
    response.write(bytes.subarray(0, bytes.length >> 1), () => response.destroy());
  }

  #delete({ response, query, bucket, key }: Call): void {
    const versions = bucket.get(key) ?? [];
    const id = query.get("versionId");
    const { hasObjectLock = false, nowMs = () => Date.now() } = this.#options;
    if (id === null) {
      this.#versions += 1;
      const marker = { id: `v${this.#versions}`, bytes: null, metadata: {}, lock: null };
      if (hasObjectLock && versions.length > 0) bucket.set(key, [...versions, marker]);
      else bucket.delete(key);
      return void response.writeHead(204).end();
    }
    const lock = versions.find((version) => version.id === id)?.lock;
    if (lock !== undefined && lock !== null && lock.untilMs > nowMs()) return refuse(response, 403, "AccessDenied");
    bucket.set(
      key,
      versions.filter((version) => version.id !== id),
    );
    response.writeHead(204).end();
  }

  #list({ response, query, bucket }: Call): void {
    const prefix = query.get("prefix") ?? "";
    const after = Buffer.from(query.get("continuation-token") ?? "", "base64").toString();
    const keys = [...bucket]
      .filter(([, versions]) => (versions.at(-1)?.bytes ?? null) !== null)
      .map(([key]) => key)
      .filter((key) => key.startsWith(prefix) && key > after)
      .toSorted((a, b) => (a < b ? -1 : 1));
    const page = keys.slice(0, this.#options.pageSize ?? 1000);
    const isTruncated = page.length < keys.length;
    const token = Buffer.from(page.at(-1) ?? "").toString("base64");
    const contents = page.map((key) => `<Contents><Key>${key}</Key></Contents>`).join("");
    const next = isTruncated ? `<NextContinuationToken>${token}</NextContinuationToken>` : "";
    sendXml(
      response,
      `<ListBucketResult><IsTruncated>${isTruncated}</IsTruncated>${next}${contents}</ListBucketResult>`,
    );
  }

  #bucketLock(response: ServerResponse): void {
    if (this.#options.hasObjectLock !== true) return refuse(response, 404, "ObjectLockConfigurationNotFoundError");
    sendXml(
      response,
      "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>",
    );
  }
}

function sendXml(response: ServerResponse, xml: string): void {
  response.writeHead(200, { "content-type": "application/xml" }).end(`<?xml version="1.0" encoding="UTF-8"?>${xml}`);
}

function refuse(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { "content-type": "application/xml" });
  response.end(
    response.req.method === "HEAD"
      ? undefined
      : `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`,
  );
}
