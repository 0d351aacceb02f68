import { HoldfastError } from "@holdfast/kernel";
import type { LockRule } from "./blob-store.ts";

export interface S3Location {
  readonly bucket: string;
  /** Before each object's name; empty, or ends in a slash. */
  readonly prefix: string;
  /** Address of the server; null for Amazon's own. */
  readonly endpoint: string | null;
  readonly region: string;
  /** The bucket is in the path, not in the host's name. */
  readonly isPathStyle: boolean;
  /** Put on each pack, index object and point. */
  readonly lock: LockRule | null;
}

const parameters: readonly string[] = ["endpoint", "region", "style", "lock", "lock-days"];

/** A lock longer than a hundred years is a typing mistake that nobody could take back. */
const longestLockDays = 36_500;

/**
 * Reads `s3://<bucket>[/<prefix>][?endpoint=<url>&region=<name>&style=path|virtual&lock=compliance|governance&lock-days=<n>]`.
 * Plain HTTP is for loopback only. Raises `repository.location.invalid`, also for a parameter that is not known: it could
 * be a key, which would end up in lists and logs.
 */
export function parseS3Location(location: string): S3Location {
  const url = URL.parse(location);
  if (url === null || url.protocol !== "s3:") throw invalid("it is no address");
  if (url.hash !== "" || url.username !== "" || url.password !== "" || url.port !== "")
    throw invalid("it carries a fragment, a port or a password; keys belong in the key's file");
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(url.hostname))
    throw invalid("the bucket has a name that is not allowed");
  const parts = url.pathname.split("/").filter((part) => part !== "");
  if (!parts.every((part) => /^[A-Za-z0-9_-]+$/.test(part)))
    throw invalid("a folder in it has letters that are not allowed");
  const query = readQuery(url);
  const endpoint = readEndpoint(query.get("endpoint"));
  const style = query.get("style") ?? (endpoint === null ? "virtual" : "path");
  if (style !== "path" && style !== "virtual") throw invalid("style is path or virtual");
  const region = query.get("region") ?? "us-east-1";
  if (!/^[A-Za-z0-9-]{1,64}$/.test(region)) throw invalid("the region has letters that are not allowed");
  const prefix = parts.map((part) => `${part}/`).join("");
  return { bucket: url.hostname, prefix, endpoint, region, isPathStyle: style === "path", lock: readLock(query) };
}

function readQuery(url: URL): ReadonlyMap<string, string> {
  const query = new Map<string, string>();
  for (const [name, value] of url.searchParams) {
    if (!parameters.includes(name)) throw invalid(`it may carry only ${parameters.join(", ")}`);
    if (query.has(name)) throw invalid(`${name} is there twice`);
    query.set(name, value);
  }
  return query;
}

function readEndpoint(value: string | undefined): string | null {
  if (value === undefined) return null;
  const url = URL.parse(value);
  if (url === null) throw invalid("the endpoint is no address");
  if (url.search !== "" || url.hash !== "" || url.username !== "" || url.password !== "" || url.pathname !== "/")
    throw invalid("the endpoint is more than scheme, host and port");
  const isLoopback = ["127.0.0.1", "[::1]", "localhost"].includes(url.hostname);
  if (url.protocol !== "https:" && !(url.protocol === "http:" && isLoopback))
    throw invalid("the endpoint is not https");
  return url.origin;
}

function readLock(query: ReadonlyMap<string, string>): LockRule | null {
  const [mode, days] = [query.get("lock"), query.get("lock-days")];
  if (mode === undefined && days === undefined) return null;
  if (mode !== "compliance" && mode !== "governance") throw invalid("lock is compliance or governance");
  if (days === undefined || !/^[1-9][0-9]{0,4}$/.test(days) || Number(days) > longestLockDays)
    throw invalid(`lock-days is a whole number from 1 to ${longestLockDays}`);
  return { mode, days: Number(days) };
}

/** The address itself is left out: it may carry a key. */
function invalid(reason: string): HoldfastError {
  return new HoldfastError({
    code: "repository.location.invalid",
    message: `the address of the store cannot be used: ${reason}`,
    advice: "Give it as s3://<bucket>/<folder>?endpoint=https://<host>&region=<region>.",
  });
}
