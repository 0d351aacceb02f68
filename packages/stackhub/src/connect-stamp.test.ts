import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Secret } from "@holdfast/kernel";
import { SeededRandom, SkippingClock } from "@holdfast/kernel/testing";
import { afterAll, expect, test } from "vitest";
import type { StampConfig } from "./config.ts";
import { connectStamp } from "./connect-stamp.ts";
import { startScriptedServer } from "./testing/scripted-server.ts";
import { scriptedStamp, subscription, type Wire } from "./testing/scripted-stamp.ts";

const folder = mkdtempSync(join(tmpdir(), "holdfast-connect-"));
afterAll(() => rmSync(folder, { recursive: true }));

const deps = () => ({ clock: new SkippingClock(), random: new SeededRandom(1) });

function configFor(url: string, more: Partial<StampConfig> = {}): StampConfig {
  return {
    name: "east",
    armEndpoint: url,
    tenant: "adfs",
    clientId: "c1",
    credential: { kind: "secret", secret: new Secret("hush") },
    ...more,
  };
}

async function startStamp(wire: Wire = {}) {
  const server = await startScriptedServer(() => undefined);
  server.script = scriptedStamp(() => server.url, wire);
  return server;
}

test("connecting finds identity, subscription, location and versions", async () => {
  await using server = await startStamp();
  await using stamp = await connectStamp(configFor(`${server.url}/`), deps());
  expect(await stamp.describe()).toEqual({
    armEndpoint: server.url,
    location: "east",
    subscriptionId: subscription.split("/")[2],
    identityProvider: "AD FS",
    clockSkewMs: expect.any(Number),
    storageSuffix: "east.ash.example",
    apiVersions: { "Microsoft.Compute/snapshots": ["2019-03-01", "2018-09-30"] },
  });
});

test("an older stamp is called with the newest version that it lists", async () => {
  await using server = await startStamp({
    [`GET ${subscription}/providers/Microsoft.Compute/snapshots`]: { body: { value: [] } },
  });
  await using stamp = await connectStamp(configFor(server.url), deps());
  await stamp.listSnapshotsTagged("holdfast-run");
  expect(server.requests.at(-1)!.query.get("api-version")).toBe("2019-03-01");
});

test("a stamp without the newer discovery is asked for the older", async () => {
  await using server = await startStamp();
  const whole = server.script;
  server.script = (request) => {
    if (request.path !== "/metadata/endpoints") return whole(request);
    if (request.query.get("api-version") !== "2015-01-01") return { status: 400, body: {} };
    return { body: { authentication: { loginEndpoint: `${server.url}/adfs`, audiences: ["a"] } } };
  };
  await using stamp = await connectStamp(configFor(server.url), deps());
  expect(await stamp.describe()).toMatchObject({ identityProvider: "AD FS" });
});

test.each([
  ["several subscriptions", [{ subscriptionId: "a" }, { subscriptionId: "b" }], "stackhub.subscription.choose"],
  ["no subscription", [], "stackhub.subscription.none"],
])("an identity that sees %s raises its code", async (_, value, code) => {
  await using server = await startStamp({ "GET /subscriptions": { body: { value } } });
  await expect(connectStamp(configFor(server.url), deps())).rejects.toMatchObject({ code });
});

test("a web server at the address is no stamp", async () => {
  await using server = await startScriptedServer(() => ({ body: "<html>welcome</html>" }));
  await expect(connectStamp(configFor(server.url), deps())).rejects.toMatchObject({ code: "stackhub.arm.not-a-stamp" });
});

test("a stamp with its own authority is trusted with it, and not without it, under a name that DNS does not know", async () => {
  const [key, certificate] = [join(folder, "tls.key"), join(folder, "tls.crt")];
  const names = "subjectAltName=DNS:*.east.ash.example";
  const kind = ["-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=authority", "-addext", names];
  execFileSync("openssl", ["req", ...kind, "-keyout", key, "-out", certificate], { stdio: "ignore" });
  const tls = { key: readFileSync(key, "utf8"), cert: readFileSync(certificate, "utf8") };
  await using server = await startScriptedServer(() => undefined, tls);
  const base = `https://management.east.ash.example:${server.port}`;
  server.script = scriptedStamp(() => base);
  const resolve = { "*.east.ash.example": "127.0.0.1" };
  await using stamp = await connectStamp(configFor(base, { caPem: tls.cert, resolve }), deps());
  expect(await stamp.describe()).toMatchObject({ armEndpoint: base });
  await expect(connectStamp(configFor(base, { resolve }), deps())).rejects.toMatchObject({
    code: "stackhub.tls.untrusted",
  });
  const wrongName = { armEndpoint: `https://other.example:${server.port}`, resolve: { "other.example": "127.0.0.1" } };
  await expect(connectStamp(configFor(base, { caPem: tls.cert, ...wrongName }), deps())).rejects.toMatchObject({
    code: "stackhub.tls.untrusted",
  });
});

test.each([
  ["an authority that is no certificate", { caPem: "hello" }, "stackhub.tls.bad-ca"],
  ["an override that is no address", { resolve: { "*.x": "host" } }, "stackhub.config.bad-resolve"],
  ["a name that nothing resolves", { armEndpoint: "https://management.holdfast.invalid" }, "stackhub.net.unreachable"],
])("%s raises its code", async (_, part, code) => {
  await expect(connectStamp(configFor("https://127.0.0.1:1", part), deps())).rejects.toMatchObject({ code });
});
