import { HoldfastError } from "@holdfast/kernel";
import { z } from "zod";
import type { StampConfig } from "../config.ts";
import { clockSkew, toleratedSkewMs, wrongAudience, wrongTenant } from "./identity-error.ts";

const refusalSchema = z.object({ error: z.string().default(""), error_description: z.string().default("") });

/** Makes the error of an identity provider that gives no token. Entra ID's AADSTS numbers decide where there are any. */
export function tokenError(
  config: StampConfig,
  refusal: { readonly status: number; readonly body: unknown; readonly skewMs: number },
): HoldfastError {
  const parsed = refusalSchema.safeParse(refusal.body);
  const { error, error_description: description } = parsed.success ? parsed.data : { error: "", error_description: "" };
  const number = /AADSTS(\d+)/.exec(description)?.[1] ?? "";
  const isOff = Math.abs(refusal.skewMs) > toleratedSkewMs;
  const isAssertionTime =
    number === "700024" || /not within its valid time|not yet valid|expired assertion/i.test(description);
  if (isAssertionTime || (isOff && config.credential.kind === "certificate" && error === "invalid_client")) {
    return clockSkew(config.name, refusal.skewMs);
  }
  if (["90002", "900023", "50059", "50001700"].includes(number) || refusal.status === 404)
    return wrongTenant(config.name, config.tenant);
  if (
    ["500011", "500341", "70011", "1002012", "50001"].includes(number) ||
    ["invalid_resource", "invalid_scope", "invalid_target"].includes(error) ||
    /MSIS96(02|05|12)/.test(description)
  ) {
    return wrongAudience(config.name);
  }
  const details = { stamp: config.name, clientId: config.clientId, providerError: error, status: refusal.status };
  if (number === "700016" || error === "unauthorized_client" || /MSIS9(223|607)/.test(description)) {
    return new HoldfastError({
      code: "stackhub.identity.unknown-client",
      message: `the client ${config.clientId} is not known to the identity provider of ${config.name}`,
      advice: "Check the client id, and that the tenant is the one that the client is registered in.",
      details,
    });
  }
  if (error === "invalid_client") {
    const what = config.credential.kind === "secret" ? "secret" : "certificate";
    return new HoldfastError({
      code: "stackhub.identity.wrong-secret",
      message: `the ${what} of client ${config.clientId} is wrong or has expired on ${config.name}`,
      advice: `Give the client's current ${what}; the stamp's operator can reset it.`,
      details,
    });
  }
  return new HoldfastError({
    code: "stackhub.identity.sign-in-failed",
    message: `the identity provider of ${config.name} gives no token (${error || `status ${refusal.status}`})`,
    advice: "Check tenant, client and credential; give the details to whoever runs the identity provider.",
    kind: "fault",
    isRetryable: refusal.status >= 500,
    details,
  });
}
