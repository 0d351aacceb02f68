import { HoldfastError } from "@holdfast/kernel";
import { objectExists, objectMissing, objectShort, storeFull } from "./blob-store.ts";

interface ServiceAnswer {
  readonly status: number;
  readonly code: string;
}

function answerOf(error: unknown): ServiceAnswer {
  const { statusCode, code, details } = (error ?? {}) as {
    statusCode?: unknown;
    code?: unknown;
    details?: { errorCode?: unknown };
  };
  // The answer to HEAD has no body: its code is in a header only.
  const told = [code, details?.errorCode].find((value) => typeof value === "string");
  return { status: typeof statusCode === "number" ? statusCode : 0, code: told ?? "" };
}

/**
 * Says of an error of the SDK what it means for an object. The SDK's own error is not kept as the cause: it holds the
 * request, whose address or headers may carry a signature.
 */
export function azureError(name: string, error: unknown): unknown {
  if (error instanceof HoldfastError) return error;
  const { status, code } = answerOf(error);
  const cause = new Error(`the service answered ${status === 0 ? "nothing" : status} ${code}`.trim());
  const failed = (problem: { code: string; reason: string; advice: string; isRetryable?: boolean }): HoldfastError =>
    new HoldfastError({
      code: problem.code,
      message: `${name}: ${problem.reason}`,
      advice: problem.advice,
      details: { object: name, status, serviceCode: code },
      isRetryable: problem.isRetryable ?? false,
      cause,
    });
  if (code === "ContainerNotFound" || code === "ContainerBeingDeleted")
    return failed({
      code: "repository.store.no-container",
      reason: "the container is not there",
      advice: "Make the container first, or check its name.",
    });
  if (status === 404) return objectMissing(name, cause);
  if (status === 416) return objectShort(name);
  if (code === "BlobAlreadyExists" || status === 412) return objectExists(name, cause);
  if (status === 507) return storeFull(name, cause);
  if (status === 401 || status === 403)
    return failed({
      code: "repository.store.denied",
      reason: "the store refuses the key or signature",
      advice: "Check the file with the key, the signature's rights and end, and this machine's clock.",
    });
  if (status === 0 && !isNetworkError(error)) return error;
  if (status === 0 || status === 408 || status === 429 || status >= 500)
    return failed({
      code: "repository.store.unreachable",
      reason: "the store does not answer",
      advice: "Check the network and the store, then run the command again.",
      isRetryable: true,
    });
  return failed({
    code: "repository.store.refused",
    reason: `the store refuses the request: ${status} ${code}`,
    advice: "Look the answer up in the platform's documentation.",
  });
}

function isNetworkError(error: unknown): boolean {
  return error instanceof Error && (error.name === "RestError" || "errno" in error || "syscall" in error);
}
