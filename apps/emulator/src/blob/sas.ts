import { BlobError, authenticationFailed } from "./blob-error.ts";
import type { BlobCall } from "./blob-call.ts";
import type { StoredPolicy } from "./blob-record.ts";
import { hmac, isSameSignature } from "./shared-key.ts";

/** What a caller may do, by the letters of a SAS. */
export interface Permissions {
  has(letter: string): boolean;
}

export const allPermissions: Permissions = { has: () => true };

/** What of a request, or of the address of a copy's source, a signature is about. */
export type SignedAddress = Pick<BlobCall, "account" | "container" | "blob" | "query">;

export interface SasContext {
  readonly keys: readonly string[];
  readonly nowMs: number;
  /** Stored policies of the container that the call names. */
  readonly policies: readonly StoredPolicy[];
}

interface Window {
  readonly startsAtMs: number | null;
  readonly endsAtMs: number | null;
  readonly permissions: string;
}

function parseInstant(text: string | null): number | null {
  if (text === null || text === "") return null;
  const instant = Date.parse(text);
  if (Number.isNaN(instant)) throw authenticationFailed("A time in the signed query is not well formed.");
  return instant;
}

function requireWindow(window: Window, nowMs: number): void {
  const { startsAtMs, endsAtMs } = window;
  if (endsAtMs === null || endsAtMs <= nowMs || (startsAtMs !== null && startsAtMs > nowMs)) {
    throw authenticationFailed("Signature not valid in the specified time frame.");
  }
}

/** Fields of a service SAS in signing order; what was signed changed with 2018-11-09. */
function serviceText(call: SignedAddress, version: string, resource: string): string {
  const get = (name: string): string => call.query.get(name) ?? "";
  const path = resource === "c" ? `/${call.container}` : `/${call.container}/${call.blob}`;
  const head = [
    get("sp"),
    get("st"),
    get("se"),
    `/blob/${call.account}${path}`,
    get("si"),
    get("sip"),
    get("spr"),
    version,
  ];
  const kind = version >= "2018-11-09" ? [resource, resource === "bs" ? get("snapshot") : ""] : [];
  return [...head, ...kind, get("rscc"), get("rscd"), get("rsce"), get("rscl"), get("rsct")].join("\n");
}

function accountText(call: SignedAddress, version: string): string {
  const get = (name: string): string => call.query.get(name) ?? "";
  return [
    call.account,
    get("sp"),
    get("ss"),
    get("srt"),
    get("st"),
    get("se"),
    get("sip"),
    get("spr"),
    version,
    "",
  ].join("\n");
}

function requireResource(call: SignedAddress, resource: string): void {
  const isSnapshotRead = call.query.has("snapshot");
  const isCovered =
    resource === "c" ||
    (call.blob !== "" && (resource === "b" ? !isSnapshotRead : resource === "bs" && isSnapshotRead));
  if (!isCovered) throw authenticationFailed("The signed resource does not cover the request.");
}

function windowOf(call: SignedAddress, context: SasContext): Window {
  const policyId = call.query.get("si");
  const policy = policyId === null ? undefined : context.policies.find((one) => one.id === policyId);
  if (policyId !== null && policy === undefined) {
    throw authenticationFailed("Access without signed permissions: the stored access policy is not there.");
  }
  return {
    startsAtMs: parseInstant(call.query.get("st")) ?? policy?.startsAtMs ?? null,
    endsAtMs: parseInstant(call.query.get("se")) ?? policy?.endsAtMs ?? null,
    permissions: call.query.get("sp") ?? policy?.permissions ?? "",
  };
}

/** The newest version of the data plane that the platform knows. */
export const newestVersion = "2019-07-07";

/** Checks an account or service SAS; answers what it allows. Raises 403 for anything that is not in order. */
export function checkSas(call: SignedAddress, context: SasContext): Permissions {
  const version = call.query.get("sv") ?? "";
  const signature = call.query.get("sig") ?? "";
  if (version === "" || version > newestVersion)
    throw authenticationFailed(`The version sv=${version} is not supported.`);
  const isAccount = call.query.has("ss");
  const resource = call.query.get("sr") ?? "";
  const text = isAccount ? accountText(call, version) : serviceText(call, version, resource);
  if (!context.keys.some((key) => isSameSignature(hmac(key, text), signature))) {
    throw authenticationFailed(`Signature did not match. String to sign used was ${text}`);
  }
  const window = windowOf(call, context);
  requireWindow(window, context.nowMs);
  if (isAccount) {
    const level = call.blob !== "" ? "o" : call.container === "" ? "s" : "c";
    const isCovered = (call.query.get("ss") ?? "").includes("b") && (call.query.get("srt") ?? "").includes(level);
    if (!isCovered) {
      throw new BlobError(
        403,
        "AuthorizationResourceTypeMismatch",
        "This request is not authorized to perform this operation using this resource type.",
      );
    }
  } else requireResource(call, resource);
  return { has: (letter) => window.permissions.includes(letter) };
}

/** Raises 403 where none of the letters is allowed. */
export function requirePermission(permissions: Permissions, letters: string): void {
  if (letters.split("").some((letter) => permissions.has(letter))) return;
  throw new BlobError(
    403,
    "AuthorizationPermissionMismatch",
    "This request is not authorized to perform this operation using this permission.",
  );
}
