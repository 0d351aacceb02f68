import { covers, mayDo } from "./access-rules.ts";
import type { GatewayRequest } from "./arm-gateway.ts";
import { canonicalScope, pathSegments } from "./arm-path.ts";
import { authorizationFailed, requireApiVersion, requireSubscription } from "./call-checks.ts";
import { requireUnlocked } from "./lock-rules.ts";
import { pageOf } from "./paging.ts";
import { ArmError, type ArmReply } from "./provider.ts";
import { readGrants } from "./role-grants.ts";
import type { CoreCall, CoreRoute, StampCore } from "./stamp-core.ts";

function requireRouteVersion(route: CoreRoute, apiVersion: string): void {
  if (route.apiVersions.includes(apiVersion)) return;
  throw new ArmError(
    400,
    "InvalidApiVersionParameter",
    `The api-version '${apiVersion}' is invalid. The supported versions are '${route.apiVersions.join(",")}'.`,
  );
}

function toCoreCall(
  core: StampCore,
  request: GatewayRequest,
  route: CoreRoute,
  parameters: Readonly<Record<string, string>>,
): CoreCall {
  const { principalId, url, body } = request;
  const grants = readGrants(core.services.resources);
  const group = parameters["group"];
  return {
    method: route.method,
    apiVersion: requireApiVersion(url),
    subscriptionId: parameters["subscription"] ?? "",
    ...(group === undefined ? {} : { resourceGroup: group }),
    id: canonicalScope(`/${pathSegments(url.pathname).join("/")}`),
    parentNames: [],
    query: url.searchParams,
    body,
    origin: url.origin,
    principalId,
    parameters,
    may: (action, scope) => mayDo(grants, principalId, action, scope),
    hasRoleIn: (scope) =>
      grants.some(
        (grant) => grant.principalId === principalId && (covers(grant.scope, scope) || covers(scope, grant.scope)),
      ),
  };
}

/** Answers one of ARM's own addresses. */
export async function answerCoreRoute(
  core: StampCore,
  request: GatewayRequest,
  route: CoreRoute,
  parameters: Readonly<Record<string, string>>,
): Promise<ArmReply> {
  const call = toCoreCall(core, request, route, parameters);
  requireRouteVersion(route, call.apiVersion);
  requireSubscription(core, call.subscriptionId);
  if (route.action !== undefined && !call.may(route.action, call.id)) {
    throw authorizationFailed(request, route.action, call.id);
  }
  if (call.resourceGroup !== undefined) requireUnlocked(core.services.resources, call, "");
  if (route.list !== undefined) {
    return { status: 200, body: pageOf(await route.list(call, core), request.url, core.config.pageSize) };
  }
  if (route.reply === undefined) throw new Error(`route ${route.template} answers nothing`);
  return route.reply(call, core);
}
