import type { GatewayRequest } from "./arm-gateway.ts";
import { ArmError } from "./provider.ts";
import type { StampCore } from "./stamp-core.ts";

export function authorizationFailed(request: GatewayRequest, action: string, scope: string): ArmError {
  return new ArmError(
    403,
    "AuthorizationFailed",
    `The client '${request.clientId}' with object id '${request.principalId}' does not have authorization to perform action '${action}' over scope '${scope}' or the scope is invalid. If access was recently granted, please refresh your credentials.`,
  );
}

export function requireApiVersion(url: URL): string {
  const version = url.searchParams.get("api-version");
  if (version !== null && version !== "") return version;
  throw new ArmError(
    400,
    "MissingApiVersionParameter",
    "The api-version query parameter (?api-version=) is required for all requests.",
  );
}

/** An empty id is the tenant's own level. */
export function requireSubscription(core: StampCore, subscriptionId: string): void {
  const isKnown = core.config.subscriptionIds.some((id) => id.toLowerCase() === subscriptionId.toLowerCase());
  if (subscriptionId === "" || isKnown) return;
  throw new ArmError(404, "SubscriptionNotFound", `The subscription '${subscriptionId}' could not be found.`);
}
