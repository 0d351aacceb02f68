import { HoldfastError, type HoldfastErrorInit } from "@holdfast/kernel";
import { z } from "zod";

/** What ARM said went wrong, from an error envelope or a failed operation. */
export interface ArmProblem {
  readonly code: string;
  readonly message: string;
}

/** The call that was refused, in words: never with query strings other than the version. */
export interface ArmCall {
  readonly method: string;
  readonly path: string;
  readonly stamp: string;
}

const problemSchema = z.object({ code: z.string().default(""), message: z.string().default("") });
const envelopeSchema = z.object({ error: problemSchema });

/** Reads `{"error":{code,message}}`, or the bare form of some providers. */
export function readProblem(body: unknown): ArmProblem {
  const nested = envelopeSchema.safeParse(body);
  if (nested.success) return nested.data.error;
  const bare = problemSchema.safeParse(body);
  return bare.success ? bare.data : { code: "", message: "" };
}

/** Makes the error of a refused call or of a failed operation; `status` is null for the latter. */
export function armError(call: ArmCall, status: number | null, problem: ArmProblem): HoldfastError {
  const object = call.path === "" ? "/" : call.path;
  const reason = classify(status, problem);
  const { message, ...rest } = reasons[reason];
  const action = missingAction(call, problem);
  return new HoldfastError({
    ...rest,
    ...(reason === "failed" && transientFailure.test(problem.code) ? { isRetryable: true } : {}),
    message: message({
      ...call,
      object,
      action,
      code: problem.code || "no code",
      said: problem.message === "" ? "" : `: ${withoutSecrets(problem.message)}`,
    }),
    details: {
      stamp: call.stamp,
      object,
      method: call.method,
      armCode: problem.code,
      ...(status === null ? {} : { status }),
      ...(reason === "forbidden" ? { action } : {}),
    },
  });
}

interface Facts extends ArmCall {
  readonly object: string;
  readonly action: string;
  readonly code: string;
  /** The stamp's own words, after a colon; empty where it gave none. */
  readonly said: string;
}

type ReasonText = Pick<HoldfastErrorInit, "code" | "advice" | "kind" | "isRetryable"> & {
  readonly message: (facts: Facts) => string;
};

const reasons = {
  locked: {
    code: "stackhub.arm.locked",
    message: ({ object, stamp, said }) => `${object} is locked on ${stamp}${said}`,
    advice: "Ask the owner to remove the lock on the resource or its group, then run the command again.",
  },
  forbidden: {
    code: "stackhub.arm.forbidden",
    message: ({ stamp, action, object }) => `${stamp} refuses ${action} on ${object}`,
    advice: "Give the identity a role with this action; docs/least-rights.md has the whole role.",
  },
  unregistered: {
    code: "stackhub.arm.unregistered",
    message: ({ object, said }) => `a resource provider is not registered in the subscription of ${object}${said}`,
    advice: "Register Microsoft.Compute, Microsoft.Network and Microsoft.Storage in the subscription.",
  },
  quota: {
    code: "stackhub.arm.quota",
    message: ({ object, said }) => `the quota of the subscription does not allow ${object}${said}`,
    advice: "Free something, or ask the stamp's operator for a larger quota or an add-on plan.",
  },
  capacity: {
    code: "stackhub.arm.capacity",
    message: ({ stamp, object, said }) => `${stamp} has no room for ${object}${said}`,
    advice: "Choose another VM size, free memory on the stamp, or ask its operator; the quota is not the cause.",
    kind: "fault",
  },
  unsupported: {
    code: "stackhub.arm.unsupported",
    message: ({ stamp, object, said }) => `${stamp} does not offer what ${object} needs${said}`,
    advice: "Run 'holdfast stamp probe' to see what this stamp offers; it may be older than build 2102.",
  },
  "not-found": {
    code: "stackhub.arm.not-found",
    message: ({ object, stamp }) => `${object} does not exist on ${stamp}`,
    advice: "Check the name and the subscription; run 'holdfast discover' to read the stamp again.",
  },
  conflict: {
    code: "stackhub.arm.conflict",
    message: ({ object, stamp, method, said }) => `the state of ${object} on ${stamp} does not allow ${method}${said}`,
    advice: "See what else works on this object, then run the command again.",
  },
  throttled: {
    code: "stackhub.arm.throttled",
    message: ({ stamp, method, object }) => `${stamp} kept refusing ${method} ${object} for its load`,
    advice: "Run the command again later, with fewer at a time.",
    kind: "fault",
    isRetryable: true,
  },
  fault: {
    code: "stackhub.arm.server-fault",
    message: ({ stamp, method, object, said }) => `${stamp} failed at ${method} ${object}${said}`,
    advice: "Run the command again later; where this repeats, give the details to the stamp's operator.",
    kind: "fault",
    isRetryable: true,
  },
  failed: {
    code: "stackhub.arm.operation-failed",
    message: ({ stamp, method, object, code, said }) =>
      `${method} ${object} was accepted by ${stamp} and then failed (${code})${said}`,
    advice: "Read the stamp's reason in the message; run the command again where it may have passed.",
    kind: "fault",
  },
  refused: {
    code: "stackhub.arm.refused",
    message: ({ stamp, method, object, code, said }) => `${stamp} refuses ${method} ${object} (${code})${said}`,
    advice: "Read the stamp's reason in the message; report this where the request should have been right.",
  },
} as const satisfies Record<string, ReasonText>;

type Reason = keyof typeof reasons;

/** Codes by which a stamp tells a fault of its own, which another try may not meet. */
const transientFailure = /^Internal|ServerError|Transient|Timeout/i;

const conflictCodes = new Set(["Conflict", "OperationNotAllowed", "AnotherOperationInProgress", "ResourceInUse"]);

function classify(status: number | null, { code, message }: ArmProblem): Reason {
  if (code === "ScopeLocked") return "locked";
  if (/^(Missing)?Subscription(Not)?Registr/i.test(code)) return "unregistered";
  if (/quota/i.test(code) || (conflictCodes.has(code) && /quota|exceed\w* .*limit/i.test(message))) return "quota";
  if (/AllocationFailed|SkuNotAvailable|PerScaleUnit\w*LimitExceeded|FabricVmPlacement|Overconstrained/i.test(code)) {
    return "capacity";
  }
  if (/^(NoRegisteredProviderFound|InvalidResourceType|InvalidApiVersionParameter|UnsupportedApiVersion)/i.test(code)) {
    return "unsupported";
  }
  if (status === 403 || /^AuthorizationFailed|^LinkedAuthorizationFailed/i.test(code)) return "forbidden";
  if (status === 404 || (status === null && /NotFound$/i.test(code))) return "not-found";
  if (status === 409 || status === 412 || (status === null && conflictCodes.has(code))) return "conflict";
  if (status === 429 || status === 503) return "throttled";
  // The call was taken and its operation failed: also a fault of the stamp is then told in the stamp's own words.
  if (status === null) return "failed";
  return status === 408 || status >= 500 ? "fault" : "refused";
}

/** The action that a role lacks: as ARM names it, or else as ARM's naming rule makes it from the call. */
function missingAction(call: ArmCall, problem: ArmProblem): string {
  const named = /action '([\w./-]+)'/i.exec(problem.message)?.[1];
  if (named !== undefined) return named;
  const [, provider = "Microsoft.Resources/subscriptions"] = /\/providers\/(.+)$/i.exec(call.path) ?? [];
  const parts = provider.split("/");
  const type = [parts[0], ...parts.slice(1).filter((_, index) => index % 2 === 0)].join("/");
  switch (call.method) {
    case "GET":
    case "HEAD":
      return `${type}/read`;
    case "DELETE":
      return `${type}/delete`;
    case "POST":
      return `${type}/action`;
    default:
      return `${type}/write`;
  }
}

/** A stamp's message may quote an address with its signature; what follows the question mark goes. */
function withoutSecrets(text: string): string {
  return text.replaceAll(/(https?:\/\/[^\s?"']+)\?[^\s"']*/gi, "$1?[redacted]").slice(0, 600);
}
