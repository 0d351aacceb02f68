import type { ScriptedAnswer, Script, SeenRequest } from "./scripted-server.ts";

export const subscription = "/subscriptions/11111111-1111-1111-1111-111111111111";
export const group = `${subscription}/resourceGroups/g1`;

/** Wire answers by `METHOD path`; a function sees the request. What is not listed is 404 in ARM's envelope. */
export type Wire = Record<string, ScriptedAnswer | ((request: SeenRequest) => ScriptedAnswer)>;

/** A script of a stamp with discovery, AD FS sign-in, one subscription and one location, and the given answers. */
export function scriptedStamp(base: () => string, wire: Wire = {}): Script {
  const all: Wire = { ...opening(base), ...wire };
  return (request) => {
    const found = all[`${request.method} ${request.path}`];
    if (found !== undefined) return typeof found === "function" ? found(request) : found;
    return { status: 404, body: { error: { code: "ResourceNotFound", message: "not there" } } };
  };
}

function opening(base: () => string): Wire {
  return {
    "GET /metadata/endpoints": () => ({
      body: [
        {
          name: "AzureStack-User-1",
          authentication: {
            loginEndpoint: `${base()}/adfs`,
            audiences: ["https://management.adfs.ash.example/1"],
            tenant: "adfs",
            identityProvider: "ADFS",
          },
          suffixes: { storage: "east.ash.example" },
        },
      ],
    }),
    "POST /adfs/oauth2/token": { body: { access_token: "abc", expires_in: 3600 } },
    "GET /subscriptions": { body: { value: [{ subscriptionId: subscription.split("/")[2], displayName: "Own" }] } },
    [`GET ${subscription}/locations`]: { body: { value: [{ name: "east" }] } },
    [`GET ${subscription}/providers`]: {
      body: {
        value: [
          {
            namespace: "Microsoft.Compute",
            resourceTypes: [{ resourceType: "snapshots", apiVersions: ["2019-03-01", "2018-09-30"] }],
          },
        ],
      },
    },
  };
}
