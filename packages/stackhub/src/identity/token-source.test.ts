import { createHash, verify, X509Certificate } from "node:crypto";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Secret } from "@holdfast/kernel";
import { SeededRandom, SkippingClock } from "@holdfast/kernel/testing";
import { afterAll, expect, test } from "vitest";
import type { StampCredential } from "../config.ts";
import type { StampEndpoints } from "../discovery/endpoints.ts";
import { createHttpCaller } from "../http/http-caller.ts";
import { createNodeTransport } from "../http/node-transport.ts";
import { createStampTime } from "../http/stamp-time.ts";
import { type Script, startScriptedServer } from "../testing/scripted-server.ts";
import { createTokenSource } from "./token-source.ts";

const audience = "https://management.contoso.onmicrosoft.com/1";
const folder = mkdtempSync(join(tmpdir(), "holdfast-identity-"));
afterAll(() => rmSync(folder, { recursive: true }));

function makeCertificate(name: string): { key: string; certificate: string } {
  const [key, certificate] = [join(folder, `${name}.key`), join(folder, `${name}.crt`)];
  const subject = ["-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", `/CN=${name}`];
  execFileSync("openssl", ["req", ...subject, "-keyout", key, "-out", certificate], { stdio: "ignore" });
  return { key: readFileSync(key, "utf8"), certificate: readFileSync(certificate, "utf8") };
}

async function start(
  script: Script,
  options: { provider?: StampEndpoints["identityProvider"]; credential?: StampCredential } = {},
) {
  const server = await startScriptedServer(script);
  const transport = createNodeTransport();
  const clock = new SkippingClock();
  const time = createStampTime(clock);
  const random = new SeededRandom(1);
  const caller = createHttpCaller({ transport, clock, random, time });
  const identityProvider = options.provider ?? "AD FS";
  const endpoints: StampEndpoints = {
    identityProvider,
    loginEndpoint: identityProvider === "AD FS" ? `${server.url}/adfs` : server.url,
    audience,
    storageSuffix: "x",
    tenant: null,
  };
  const config = {
    name: "east",
    armEndpoint: server.url,
    tenant: "t1",
    clientId: "c1",
    credential: options.credential ?? { kind: "secret" as const, secret: new Secret("hush") },
  };
  return {
    server,
    clock,
    tokens: createTokenSource(config, endpoints, { caller, clock, random, time }),
    form: () => new URLSearchParams(server.requests.at(-1)!.body),
    [Symbol.asyncDispose]: async () => {
      await transport[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

const granted = { body: { access_token: "abc", expires_in: "3600", token_type: "bearer" } };

test("AD FS gives a token for the resource, which every build takes", async () => {
  await using bench = await start(() => granted);
  expect((await bench.tokens.token()).reveal()).toBe("abc");
  expect(bench.server.requests[0]!.path).toBe("/adfs/oauth2/token");
  expect(Object.fromEntries(bench.form())).toEqual({
    grant_type: "client_credentials",
    client_id: "c1",
    client_secret: "hush",
    resource: audience,
  });
});

test("Entra ID gives a token for the audience's default scope", async () => {
  await using bench = await start(() => granted, { provider: "Entra ID" });
  await bench.tokens.token();
  expect(bench.server.requests[0]!.path).toBe("/t1/oauth2/v2.0/token");
  expect(bench.form().get("scope")).toBe(`${audience}/.default`);
});

test("a certificate signs an assertion that names it and carries its chain", async () => {
  const own = makeCertificate("client");
  const authority = makeCertificate("authority");
  const pem = new Secret(`${authority.certificate}${own.certificate}${own.key}`);
  await using bench = await start(() => granted, { credential: { kind: "certificate", pem } });
  await bench.tokens.token();
  const [header, payload, signature] = bench.form().get("client_assertion")!.split(".");
  const leaf = new X509Certificate(own.certificate);
  const read = (part: string) => JSON.parse(Buffer.from(part, "base64url").toString());
  expect(read(header!)).toEqual({
    alg: "RS256",
    typ: "JWT",
    x5t: createHash("sha1").update(leaf.raw).digest("base64url"),
    x5c: [leaf, new X509Certificate(authority.certificate)].map((c) => c.raw.toString("base64")),
  });
  const startSeconds = Date.UTC(2026, 0, 1) / 1000;
  expect(read(payload!)).toMatchObject({
    aud: `${bench.server.url}/adfs/oauth2/token`,
    iss: "c1",
    sub: "c1",
    nbf: startSeconds,
    exp: startSeconds + 600,
  });
  expect(
    verify("sha256", Buffer.from(`${header}.${payload}`), leaf.publicKey, Buffer.from(signature!, "base64url")),
  ).toBe(true);
});

test("a certificate that is not the key's is refused before any call", async () => {
  const own = makeCertificate("mine");
  const other = makeCertificate("other");
  const pem = new Secret(own.key + other.certificate);
  await expect(start(() => granted, { credential: { kind: "certificate", pem } })).rejects.toMatchObject({
    code: "stackhub.identity.bad-certificate",
  });
});

test("a token is kept until shortly before its end, and fetched once for all who wait", async () => {
  await using bench = await start(() => granted);
  await Promise.all([bench.tokens.token(), bench.tokens.token()]);
  await bench.clock.sleep(54 * 60_000);
  await bench.tokens.token();
  expect(bench.server.requests).toHaveLength(1);
  await bench.clock.sleep(2 * 60_000);
  await bench.tokens.token();
  expect(bench.server.requests).toHaveLength(2);
});

test("a failed sign-in is not remembered", async () => {
  let isDown = true;
  await using bench = await start(() => (isDown ? { status: 401, body: { error: "invalid_client" } } : granted));
  await expect(bench.tokens.token()).rejects.toThrow();
  isDown = false;
  expect((await bench.tokens.token()).reveal()).toBe("abc");
});

test.each([
  ["a wrong secret", 401, "invalid_client", "AADSTS7000215: Invalid client secret", "wrong-secret"],
  ["a wrong secret on AD FS", 401, "invalid_client", "MSIS9622: Client authentication failed", "wrong-secret"],
  ["an unknown client", 400, "unauthorized_client", "AADSTS700016: not found in the directory", "unknown-client"],
  ["an unknown tenant", 400, "invalid_request", "AADSTS90002: Tenant 't1' not found", "wrong-tenant"],
  ["no such address", 404, "", "", "wrong-tenant"],
  ["an unknown audience", 400, "invalid_resource", "AADSTS500011: resource not found", "wrong-audience"],
  [
    "an assertion out of its time",
    401,
    "invalid_client",
    "AADSTS700024: not within its valid time range",
    "clock-skew",
  ],
  ["something else", 400, "invalid_grant", "", "sign-in-failed"],
] as const)("%s raises its code, without the secret", async (...[, status, error, description, code]) => {
  await using bench = await start(() => ({ status, body: { error, error_description: description } }));
  const failure = await bench.tokens.token().catch((e: unknown) => e);
  expect(failure).toMatchObject({ code: `stackhub.identity.${code}` });
  expect(JSON.stringify(failure) + String(failure)).not.toContain("hush");
});

test("a page of HTML at the sign-in address is no identity provider", async () => {
  await using bench = await start(() => ({ body: "<html>sign in to the wifi</html>" }));
  await expect(bench.tokens.token()).rejects.toMatchObject({ code: "stackhub.identity.not-a-provider" });
});
