import { HoldfastError } from "@holdfast/kernel";
import { redactUrl } from "./redact-url.ts";

const untrusted = new Set([
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "CERT_SIGNATURE_FAILURE",
  "CERT_UNTRUSTED",
  "CERT_REVOKED",
  "CERT_HAS_EXPIRED",
  "CERT_NOT_YET_VALID",
  "CERT_CHAIN_TOO_LONG",
  "INVALID_CA",
  "INVALID_PURPOSE",
  "ERR_TLS_CERT_ALTNAME_INVALID",
]);

const unreachable = new Set([
  "ENOTFOUND",
  "EAI_AGAIN",
  "EAI_FAIL",
  "ECONNREFUSED",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EHOSTDOWN",
  "EADDRNOTAVAIL",
  "ETIMEDOUT",
]);

/** Turns an error of a socket into one of ours. What has no system code is not of a socket and passes through. */
export function netError(cause: unknown, url: URL): unknown {
  const code = systemCode(cause);
  if (cause instanceof HoldfastError || code === null) return cause;
  const details = { host: url.host, reason: code };
  if (untrusted.has(code)) {
    return new HoldfastError({
      code: "stackhub.tls.untrusted",
      message: `the certificate of ${url.host} is not trusted (${code})`,
      advice: untrustedAdvice(code),
      details,
      cause,
    });
  }
  if (unreachable.has(code)) {
    return new HoldfastError({
      code: "stackhub.net.unreachable",
      message: `${url.host} cannot be reached (${code})`,
      advice: "Check the address, the name resolution (--resolve works without DNS) and the network to the stamp.",
      kind: "fault",
      isRetryable: true,
      details,
      cause,
    });
  }
  return new HoldfastError({
    code: "stackhub.net.interrupted",
    message: `the connection to ${url.host} broke during ${redactUrl(url)} (${code})`,
    advice: "Run the command again; where this repeats, check the network and any proxy between here and the stamp.",
    kind: "fault",
    isRetryable: true,
    details,
    cause,
  });
}

function systemCode(cause: unknown): string | null {
  if (cause instanceof AggregateError && cause.errors.length > 0) return systemCode(cause.errors[0]);
  if (cause instanceof Error && "code" in cause && typeof cause.code === "string") return cause.code;
  return null;
}

function untrustedAdvice(code: string): string {
  switch (code) {
    case "CERT_NOT_YET_VALID":
    case "CERT_HAS_EXPIRED":
      return "Compare the clock of this machine with the certificate's dates; where the clock is right, the stamp's operator must renew the certificate.";
    case "ERR_TLS_CERT_ALTNAME_INVALID":
      return "Check the address and any --resolve: the certificate is for another name.";
    default:
      return "Give the certificate of the stamp's authority with --ca; the stamp's operator has it.";
  }
}

/** Raised where a connection stays silent for too long. */
export function timedOut(url: URL, timeoutMs: number): HoldfastError {
  return new HoldfastError({
    code: "stackhub.net.timed-out",
    message: `${url.host} sent nothing for ${Math.round(timeoutMs / 1000)} s during ${redactUrl(url)}`,
    advice: "Check the load of the stamp and the network to it, then run the command again.",
    kind: "fault",
    isRetryable: true,
    details: { host: url.host, timeoutMs },
  });
}

export function answerTooLarge(url: URL, maxBytes: number): HoldfastError {
  return new HoldfastError({
    code: "stackhub.net.answer-too-large",
    message: `${url.host} answered ${redactUrl(url)} with more than ${maxBytes} bytes`,
    advice: "Check that the address belongs to the stamp; report this where it does.",
    details: { host: url.host, maxBytes },
  });
}
