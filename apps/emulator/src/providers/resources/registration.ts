import { ArmError, type Provider } from "../../arm/provider.ts";
import type { CoreCall, CoreRoute, StampCore } from "../../arm/stamp-core.ts";

export const resourceManagerVersions: readonly string[] = [
  "2019-10-01",
  "2018-05-01",
  "2018-02-01",
  "2017-05-10",
  "2016-09-01",
  "2016-02-01",
];

function presentProvider(provider: Provider, call: CoreCall, core: StampCore): Record<string, unknown> {
  const key = `${call.subscriptionId}/${provider.namespace}`.toLowerCase();
  const isRegistered = core.registrations.get(key) !== false;
  return {
    ...(call.subscriptionId === ""
      ? {}
      : {
          id: `/subscriptions/${call.subscriptionId}/providers/${provider.namespace}`,
          registrationState: isRegistered ? "Registered" : "NotRegistered",
        }),
    namespace: provider.namespace,
    resourceTypes: provider.types.map((type) => ({
      resourceType: type.type.split("/").slice(1).join("/"),
      locations: [core.config.name],
      apiVersions: type.apiVersions,
    })),
  };
}

function findProvider(call: CoreCall, core: StampCore): Provider {
  const name = call.parameters["namespace"] ?? "";
  const provider = core.providers.find((one) => one.namespace.toLowerCase() === name.toLowerCase());
  if (provider !== undefined) return provider;
  throw new ArmError(404, "InvalidResourceNamespace", `The resource namespace '${name}' is invalid.`);
}

function registering(word: "register" | "unregister"): CoreRoute {
  return {
    method: "POST",
    template: `/subscriptions/{subscription}/providers/{namespace}/${word}`,
    apiVersions: resourceManagerVersions,
    reply: async (call, core) => {
      const provider = findProvider(call, core);
      const scope = `/subscriptions/${call.subscriptionId}`;
      const action = `${provider.namespace}/${word}/action`;
      if (!call.may(action, scope)) {
        const text = `The client with object id '${call.principalId}' does not have authorization to perform action '${action}' over scope '${scope}' or the scope is invalid.`;
        throw new ArmError(403, "AuthorizationFailed", text);
      }
      core.registrations.put(`${call.subscriptionId}/${provider.namespace}`.toLowerCase(), word === "register");
      return { status: 200, body: presentProvider(provider, call, core) };
    },
  };
}

/** What a stamp supports, and what a subscription has registered: clients find versions by it. */
export const registrationRoutes: readonly CoreRoute[] = [
  {
    method: "GET",
    template: "/providers",
    apiVersions: resourceManagerVersions,
    list: async (call, core) => core.providers.map((provider) => presentProvider(provider, call, core)),
  },
  {
    method: "GET",
    template: "/providers/{namespace}",
    apiVersions: resourceManagerVersions,
    reply: async (call, core) => ({ status: 200, body: presentProvider(findProvider(call, core), call, core) }),
  },
  {
    method: "GET",
    template: "/subscriptions/{subscription}/providers",
    apiVersions: resourceManagerVersions,
    list: async (call, core) => core.providers.map((provider) => presentProvider(provider, call, core)),
  },
  {
    method: "GET",
    template: "/subscriptions/{subscription}/providers/{namespace}",
    apiVersions: resourceManagerVersions,
    reply: async (call, core) => ({ status: 200, body: presentProvider(findProvider(call, core), call, core) }),
  },
  registering("register"),
  registering("unregister"),
];
