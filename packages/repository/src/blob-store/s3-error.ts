import { HoldfastError } from "@holdfast/kernel";
import { objectExists, objectMissing, objectShort, storeFull } from "./blob-store.ts";

interface ServiceAnswer {
  /** 0 where there was no answer. */
  readonly status: number;
  readonly code: string;
}

interface Problem {
  readonly code: string;
  readonly reason: string;
  readonly advice: string;
  readonly isRetryable?: boolean;
}

const fullCodes: readonly string[] = [
  "QuotaExceeded",
  "InsufficientStorage",
  "XMinioStorageFull",
  "EntityTooLargeForQuota",
];
const deniedCodes: readonly string[] = [
  "AccessDenied",
  "InvalidAccessKeyId",
  "SignatureDoesNotMatch",
  "ExpiredToken",
  "InvalidToken",
  "RequestTimeTooSkewed",
];

export function s3AnswerOf(error: unknown): ServiceAnswer {
  const { name, $metadata } = (error ?? {}) as { name?: unknown; $metadata?: { httpStatusCode?: unknown } };
  const status = $metadata?.httpStatusCode;
  return { status: typeof status === "number" ? status : 0, code: typeof name === "string" ? name : "" };
}

/**
 * Says of an error of the SDK what it means for an object. The SDK's own error is not kept as the cause: it holds the
 * request, whose headers carry the signature.
 */
export function s3Error(name: string, error: unknown): unknown {
  if (error instanceof HoldfastError) return error;
  const { status, code } = s3AnswerOf(error);
  if (status === 0 && !isNetworkError(error)) return error;
  const cause = new Error(`the service answered ${status === 0 ? "nothing" : status} ${code}`.trim());
  if (code === "NoSuchBucket") return noBucket(name, cause);
  if (status === 404) return objectMissing(name, cause);
  if (status === 416) return objectShort(name);
  if (status === 412) return objectExists(name, cause);
  if (status === 507 || fullCodes.includes(code)) return storeFull(name, cause);
  const problem = problemOf({ status, code });
  return new HoldfastError({
    code: problem.code,
    message: `${name}: ${problem.reason}`,
    advice: problem.advice,
    details: { object: name, status, serviceCode: code },
    isRetryable: problem.isRetryable ?? false,
    cause,
  });
}

function problemOf({ status, code }: ServiceAnswer): Problem {
  if (status === 401 || status === 403 || deniedCodes.includes(code))
    return {
      code: "repository.store.denied",
      reason: "the store refuses the key or signature",
      advice: "Check the file with the key, the rights of the key in this bucket, and this machine's clock.",
    };
  if (
    status === 0 ||
    status === 408 ||
    status === 409 ||
    status === 429 ||
    status === 503 ||
    (status >= 500 && status !== 501)
  )
    return {
      code: "repository.store.unreachable",
      reason: "the store does not answer",
      advice: "Check the network and the store, then run the command again.",
      isRetryable: true,
    };
  return {
    code: "repository.store.refused",
    reason: `the store refuses the request: ${status} ${code}`,
    advice: "Check region and endpoint of the location, and look the answer up in the store's documentation.",
  };
}

export function otherRange(name: string): HoldfastError {
  return new HoldfastError({
    code: "repository.store.refused",
    message: `${name}: the store answers another range than was asked for`,
    advice: "Run `holdfast repo validate` on the location.",
    details: { object: name },
  });
}

export function noBucket(name: string, cause?: unknown): HoldfastError {
  return new HoldfastError({
    code: "repository.store.no-container",
    message: `${name}: the bucket is not there`,
    advice: "Make the bucket first, or check its name.",
    details: { object: name },
    cause,
  });
}

/** Made where a lock keeps an object from being deleted. */
export function objectLocked(name: string, cause?: unknown): HoldfastError {
  return new HoldfastError({
    code: "repository.store.locked",
    message: `${name}: a lock keeps the object until its time is over`,
    advice: "Wait until the lock ends; `holdfast repo info` shows for how long objects are locked.",
    details: { object: name },
    cause,
  });
}

/** Made where the location asks for a lock and the store did not put one on. */
export function objectNotLocked(name: string, reason: string): HoldfastError {
  return new HoldfastError({
    code: "repository.store.not-locked",
    message: `${name}: the object was stored without the lock that the location asks for: ${reason}`,
    advice: "Make the bucket with object lock enabled, or leave lock and lock-days out of the location.",
    details: { object: name },
  });
}

function isNetworkError(error: unknown): boolean {
  return (
    error instanceof Error &&
    ("errno" in error ||
      "syscall" in error ||
      ["TimeoutError", "NetworkingError"].includes(error.name) ||
      codeOf(error))
  );
}

/** TLS and HTTP of Node raise errors that have a code and no number. */
function codeOf(error: Error): boolean {
  return (
    "code" in error &&
    typeof error.code === "string" &&
    /^(E[A-Z]+|ERR_(TLS|SSL|HTTP|STREAM)_.*|[A-Z_]*CERT[A-Z_]*|HPE_.*)$/.test(error.code)
  );
}
