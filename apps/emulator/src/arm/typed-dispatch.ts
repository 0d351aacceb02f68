import { covers, type Grant, mayDo } from "./access-rules.ts";
import { resourceGroupNotFound } from "./arm-errors.ts";
import type { GatewayRequest } from "./arm-gateway.ts";
import { type ArmPath, resourceIdOf } from "./arm-path.ts";
import { authorizationFailed, requireApiVersion, requireSubscription } from "./call-checks.ts";
import { requireUnlocked } from "./lock-rules.ts";
import { pageOf } from "./paging.ts";
import { type ArmCall, ArmError, type ArmReply } from "./provider.ts";
import { readGrants } from "./role-grants.ts";
import type { StampCore } from "./stamp-core.ts";
import { findTarget, requireVersion, type Target } from "./type-index.ts";

const methods: readonly string[] = ["GET", "PUT", "PATCH", "POST", "DELETE", "HEAD"];
const verbs: Readonly<Record<string, string>> = {
  GET: "read",
  HEAD: "read",
  PUT: "write",
  PATCH: "write",
  DELETE: "delete",
};

const isMethod = (method: string): method is ArmCall["method"] => methods.includes(method);

const methodRefused = (method: string, type: string): ArmError =>
  new ArmError(405, "MethodNotAllowed", `The method '${method}' is not allowed on resource type '${type}'.`);

/** The right that a call needs, as roles write it. */
function actionOf(target: Target, method: string): string {
  const { type } = target.type;
  if (target.kind !== "action") return `${type}/${verbs[method] ?? "action"}`;
  // A collection's own action, such as checkNameAvailability, is named by the type alone.
  const isOwn = type.toLowerCase().endsWith(`/${target.action?.toLowerCase()}`);
  const name = isOwn ? type : `${type}/${target.action}`;
  // A GET such as instanceView reads; a POST acts.
  return `${name}/${method === "GET" ? "read" : "action"}`;
}

function requireGroup(core: StampCore, path: ArmPath): void {
  if (path.resourceGroup === undefined) return;
  const id = `/subscriptions/${path.subscriptionId}/resourceGroups/${path.resourceGroup}`;
  if (core.services.resources.get(id) === undefined) throw resourceGroupNotFound(path.resourceGroup);
}

function requireRegistration(core: StampCore, path: ArmPath, namespace: string): void {
  const key = `${path.subscriptionId}/${namespace}`.toLowerCase();
  if (path.subscriptionId === "" || core.registrations.get(key) !== false) return;
  throw new ArmError(
    409,
    "MissingSubscriptionRegistration",
    `The subscription is not registered to use namespace '${namespace}'. See https://aka.ms/rps-not-found for how to register subscriptions.`,
  );
}

/** The type words as registered, so that ids come out in the platform's spelling. */
function registeredWords(target: Target, path: ArmPath): string[] {
  const words = target.type.type.split("/").slice(1);
  return path.types.map((word, index) => words[index] ?? word);
}

function toArmCall(request: GatewayRequest, path: ArmPath, target: Target, method: ArmCall["method"]): ArmCall {
  const isResource = target.kind !== "collection";
  const name = isResource ? path.names.at(-1) : undefined;
  return {
    method,
    apiVersion: requireApiVersion(request.url),
    subscriptionId: path.subscriptionId,
    ...(path.resourceGroup === undefined ? {} : { resourceGroup: path.resourceGroup }),
    id: resourceIdOf({ ...path, namespace: target.provider.namespace, types: registeredWords(target, path) }),
    ...(name === undefined ? {} : { name }),
    parentNames: isResource ? path.names.slice(0, -1) : path.names,
    ...(target.action === undefined ? {} : { action: target.action }),
    query: request.url.searchParams,
    body: request.body,
    origin: request.url.origin,
    principalId: request.principalId,
  };
}

/**
 * Which items of the answer the caller may see; undefined for all. A list over a scope where the caller holds a role
 * only further down shows just those items; with no role at all it is refused.
 */
function requireAllowed(
  request: GatewayRequest,
  grants: readonly Grant[],
  target: Target,
  call: ArmCall,
): ((item: unknown) => boolean) | undefined {
  const { principalId } = request;
  const action = actionOf(target, call.method);
  if (mayDo(grants, principalId, action, call.id)) return undefined;
  const isList = target.kind === "collection" && call.method === "GET";
  const hasRoleBelow = grants.some((grant) => grant.principalId === principalId && covers(call.id, grant.scope));
  if (!isList || !hasRoleBelow) throw authorizationFailed(request, action, call.id);
  return (item) => {
    const id = typeof item === "object" && item !== null && "id" in item ? item.id : undefined;
    return typeof id === "string" && mayDo(grants, principalId, action, id);
  };
}

async function headReply(core: StampCore, target: Target, call: ArmCall): Promise<ArmReply> {
  if (target.type.get === undefined) throw methodRefused("HEAD", target.type.type);
  try {
    await target.type.get(call, core.services);
    return { status: 204 };
  } catch (error) {
    if (error instanceof ArmError && error.status === 404) return { status: 404 };
    throw error;
  }
}

async function dispatch(core: StampCore, target: Target, call: ArmCall): Promise<ArmReply> {
  const { type } = target;
  if (target.kind === "action") {
    const act = type.actions?.[target.action ?? ""];
    if (act === undefined) throw methodRefused(call.method, type.type);
    return act(call, core.services);
  }
  if (call.method === "HEAD") return headReply(core, target, call);
  const handlers = { GET: type.get, PUT: type.put, PATCH: type.patch, DELETE: type.delete, POST: undefined };
  const handler = target.kind === "collection" ? undefined : handlers[call.method];
  if (handler === undefined) throw methodRefused(call.method, type.type);
  return handler(call, core.services);
}

/** Answers an address below a provider: checks in the platform's order, then hands over to the type. */
export async function answerTyped(core: StampCore, request: GatewayRequest, path: ArmPath): Promise<ArmReply> {
  const { method, url } = request;
  const { resources } = core.services;
  if (!isMethod(method)) throw new ArmError(405, "MethodNotAllowed", `The method '${method}' is not allowed.`);
  requireSubscription(core, path.subscriptionId);
  const target = findTarget(core.providers, path, method, url.searchParams.get("api-version"));
  const call = toArmCall(request, path, target, method);
  requireVersion(target.type, call.apiVersion, core.config.name);
  const isVisible = requireAllowed(request, readGrants(resources), target, call);
  requireGroup(core, path);
  requireRegistration(core, path, target.provider.namespace);
  requireUnlocked(resources, call, target.type.type);
  if (target.kind !== "collection" || method !== "GET" || target.type.list === undefined) {
    return dispatch(core, target, call);
  }
  const items = await target.type.list(call, core.services);
  const shown = isVisible === undefined ? items : items.filter(isVisible);
  return { status: 200, body: pageOf(shown, url, core.config.pageSize) };
}
