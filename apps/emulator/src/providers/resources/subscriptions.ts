import { ArmError } from "../../arm/provider.ts";
import type { CoreRoute, StampCore } from "../../arm/stamp-core.ts";

const subscriptionVersions = ["2016-06-01", "2015-11-01", "2018-06-01"];

/** What the 2016-06-01 contract says of a subscription. */
function presentSubscription(core: StampCore, subscriptionId: string): Record<string, unknown> {
  return {
    id: `/subscriptions/${subscriptionId}`,
    subscriptionId,
    displayName: `${core.config.name} subscription`,
    state: "Enabled",
    subscriptionPolicies: {
      locationPlacementId: "Internal_2014-09-01",
      quotaId: "Internal_2014-09-01",
      spendingLimit: "Off",
    },
    authorizationSource: "RoleBased",
  };
}

function presentLocation(core: StampCore, subscriptionId: string): Record<string, unknown> {
  const { name } = core.config;
  return {
    id: `/subscriptions/${subscriptionId}/locations/${name}`,
    name,
    displayName: name,
    latitude: "0",
    longitude: "0",
  };
}

const subscriptionNotFound = (id: string): ArmError =>
  new ArmError(404, "SubscriptionNotFound", `The subscription '${id}' could not be found.`);

/** Tenants, subscriptions and their one location. What a caller holds no role in is not there for it. */
export const subscriptionRoutes: readonly CoreRoute[] = [
  {
    method: "GET",
    template: "/tenants",
    apiVersions: subscriptionVersions,
    list: async (_call, core) => [{ id: `/tenants/${core.config.tenantId}`, tenantId: core.config.tenantId }],
  },
  {
    method: "GET",
    template: "/subscriptions",
    apiVersions: [...subscriptionVersions, "2019-10-01"],
    reply: async (call, core) => ({
      status: 200,
      body: {
        value: core.config.subscriptionIds
          .filter((id) => call.hasRoleIn(`/subscriptions/${id}`))
          .map((id) => presentSubscription(core, id)),
        // The 2016-06-01 contract makes it mandatory, so it is there, and empty.
        nextLink: "",
      },
    }),
  },
  {
    method: "GET",
    template: "/subscriptions/{subscription}",
    apiVersions: [...subscriptionVersions, "2019-10-01"],
    reply: async (call, core) => {
      if (!call.hasRoleIn(`/subscriptions/${call.subscriptionId}`)) throw subscriptionNotFound(call.subscriptionId);
      return { status: 200, body: presentSubscription(core, call.subscriptionId) };
    },
  },
  {
    method: "GET",
    template: "/subscriptions/{subscription}/locations",
    apiVersions: [...subscriptionVersions, "2018-01-01"],
    reply: async (call, core) => ({ status: 200, body: { value: [presentLocation(core, call.subscriptionId)] } }),
  },
];
