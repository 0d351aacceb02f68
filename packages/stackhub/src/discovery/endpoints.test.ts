import { expect, test } from "vitest";
import { parseArmEndpoint, parseEndpoints } from "./endpoints.ts";

const arm = new URL("https://management.east.ash.example");
const audience = "https://management.contoso.onmicrosoft.com/7b4d5f6a-0000-0000-0000-000000000001";

test("the old object shape gives Entra ID and the suffix of the ARM host", () => {
  const body = {
    galleryEndpoint: "https://portal.east.ash.example:30015/",
    graphEndpoint: "https://graph.windows.net/",
    portalEndpoint: "https://portal.east.ash.example/",
    authentication: { loginEndpoint: "https://login.microsoftonline.com/", audiences: [audience] },
  };
  expect(parseEndpoints(body, arm)).toEqual({
    identityProvider: "Entra ID",
    loginEndpoint: "https://login.microsoftonline.com",
    audience,
    storageSuffix: "east.ash.example",
    tenant: null,
  });
});

test("the old object shape with a sign-in address ending in /adfs gives AD FS", () => {
  const body = { authentication: { loginEndpoint: "https://adfs.east.ash.example/adfs", audiences: [audience] } };
  expect(parseEndpoints(body, arm)).toMatchObject({
    identityProvider: "AD FS",
    loginEndpoint: "https://adfs.east.ash.example/adfs",
  });
});

const cloud = {
  name: "AzureStack-User-1",
  authentication: {
    loginEndpoint: "https://adfs.east.ash.example/adfs/",
    audiences: [audience],
    tenant: "adfs",
    identityProvider: "ADFS",
  },
  suffixes: { storage: ".blob.east.ash.example", keyVaultDns: "vault.east.ash.example" },
};

test.each([
  ["the array of clouds", [cloud]],
  ["the object of 2022-09-01", cloud],
])("%s gives tenant, provider and suffix", (_, body) => {
  expect(parseEndpoints(body, arm)).toEqual({
    identityProvider: "AD FS",
    loginEndpoint: "https://adfs.east.ash.example/adfs",
    audience,
    storageSuffix: "east.ash.example",
    tenant: "adfs",
  });
});

test.each([[{}], [[]], [null], [{ authentication: { loginEndpoint: "x", audiences: [] } }], ["text"]])(
  "%j is not the answer of a stamp",
  (body) => {
    expect(() => parseEndpoints(body, arm)).toThrow(expect.objectContaining({ code: "stackhub.arm.not-a-stamp" }));
  },
);

test.each(["management.east", "ftp://x", "", "https://u:p@host"])("%j is no endpoint", (text) => {
  expect(() => parseArmEndpoint(text)).toThrow(expect.objectContaining({ code: "stackhub.config.bad-endpoint" }));
});
