import { createHash } from "node:crypto";
import { webcrypto } from "node:crypto";
import { readFileSync } from "node:fs";
import { SignJWT } from "jose";
import { describe, expect, test } from "vitest";
import { addPrincipal } from "../core/service-principals.ts";
import { startArmFixture } from "../testing/arm-fixture.ts";
import { type HttpReply, send } from "../testing/stamp-client.ts";
import { openCertificateAuthority } from "./certificate-authority.ts";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const post = (url: string, ca: string, form: Record<string, string>): Promise<HttpReply> =>
  send(url, ca, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams(form).toString(),
  });

describe("metadata", () => {
  test("has the shape of its version", async () => {
    await using fixture = await startArmFixture();
    const { stamp, ca } = fixture;
    const of = async (version: string): Promise<unknown> =>
      (await send(`${stamp.armUrl}//metadata/endpoints?api-version=${version}`, ca)).body;
    for (const version of ["1.0", "2015-01-01", "2017-12-01"]) {
      expect(await of(version)).toMatchObject({
        authentication: { loginEndpoint: `${stamp.armUrl}/adfs`, audiences: [stamp.audience] },
      });
    }
    expect(await of("2019-05-01")).toMatchObject([{ authentication: { identityProvider: "ADFS", tenant: "adfs" } }]);
    expect(Array.isArray(await of("2022-09-01"))).toBe(true);
  });

  test("names the genuine hosts to a client that came by one", async () => {
    await using fixture = await startArmFixture();
    const { stamp, ca } = fixture;
    const reply = await send(`${stamp.armUrl}/metadata/endpoints?api-version=1.0`, ca, {
      headers: { host: "management.east.ash.example" },
    });
    expect(reply.body.authentication.loginEndpoint).toBe("https://adfs.east.ash.example/adfs");
  });
});

describe("tokens", () => {
  test("of AD FS carry strings where old clients want them, for resource= and for scope=", async () => {
    await using fixture = await startArmFixture();
    const { stamp, ca } = fixture;
    const base = { grant_type: "client_credentials", client_id: stamp.clientId, client_secret: stamp.clientSecret };
    const v1 = await post(`${stamp.loginUrl}/oauth2/token?api-version=1.0`, ca, { ...base, resource: stamp.audience });
    expect(v1.body).toMatchObject({ token_type: "Bearer", expires_in: "3600", resource: stamp.audience });
    expect(typeof v1.body.expires_on).toBe("string");
    const v2 = await post(`${stamp.loginUrl}/oauth2/token`, ca, {
      ...base,
      scope: `${stamp.audience}/.default openid`,
    });
    expect(v2.body.resource).toBe(stamp.audience);
    const configuration = await send(`${stamp.loginUrl}/adfs/.well-known/openid-configuration`, ca);
    expect(configuration.body.token_endpoint).toBe(`${stamp.loginUrl}/oauth2/token`);
  });

  test("are refused by .default on a build before 2108", async () => {
    await using fixture = await startArmFixture({ build: 2008 });
    const { stamp, ca } = fixture;
    const form = { grant_type: "client_credentials", client_id: stamp.clientId, client_secret: stamp.clientSecret };
    const reply = await post(`${stamp.loginUrl}/oauth2/token`, ca, { ...form, scope: `${stamp.audience}/.default` });
    expect([reply.status, reply.body.error]).toEqual([400, "invalid_scope"]);
  });

  test("for another audience, run out, or forged are told apart", async () => {
    await using fixture = await startArmFixture();
    const { stamp, ca, client } = fixture;
    const code = async (token: string): Promise<string> => {
      const headers = { authorization: `Bearer ${token}` };
      const reply = await send(`${stamp.armUrl}/subscriptions?api-version=2016-06-01`, ca, { headers });
      return reply.status === 200 ? "ok" : reply.body.error.code;
    };
    const form = { grant_type: "client_credentials", client_id: stamp.clientId, client_secret: stamp.clientSecret };
    const other = await post(`${stamp.loginUrl}/oauth2/token`, ca, { ...form, resource: "https://elsewhere/" });
    expect(await code(other.body.access_token)).toBe("InvalidAuthenticationTokenAudience");
    expect(await code(`${client.token.slice(0, -6)}AAAAAA`)).toBe("InvalidAuthenticationToken");
    expect(await code(client.token)).toBe("ok");
    stamp.faults.add({ kind: "clock-skew", skewMs: 2 * 3_600_000 });
    expect(await code(client.token)).toBe("ExpiredAuthenticationToken");
  });

  test("of an Entra stamp come from the tenant's own paths", async () => {
    await using fixture = await startArmFixture({ identity: "entra" });
    const { stamp, ca } = fixture;
    const configuration = await send(`${stamp.loginUrl}/v2.0/.well-known/openid-configuration`, ca);
    expect(configuration.body.token_endpoint).toBe(`${stamp.loginUrl}/oauth2/v2.0/token`);
    const unknown = await send(
      `${stamp.armUrl}/00000000-0000-0000-0000-000000000000/v2.0/.well-known/openid-configuration`,
      ca,
    );
    expect(unknown.body.error_description).toContain("AADSTS90002");
    const challenge = await send(`${stamp.armUrl}/subscriptions/x?api-version=2016-06-01`, ca);
    expect([challenge.status, challenge.headers["www-authenticate"]]).toEqual([
      401,
      expect.stringContaining(stamp.tenantId),
    ]);
  });
});

test("a client assertion is taken only when a registered certificate signed it", async () => {
  await using fixture = await startArmFixture();
  const { stamp, ca } = fixture;
  const folder = await mkdtemp(join(tmpdir(), "emulator-certificate-"));
  try {
    const authority = await openCertificateAuthority(folder, 1_790_000_000_000);
    const [mine, other] = await Promise.all([authority.issue("app", ["app"]), authority.issue("app", ["app"])]);
    const { clientId } = await addPrincipal(stamp.stamp.core, {
      displayName: "cert",
      certificate: mine.certificate,
      role: "Reader",
    });
    const assertion = async (privateKey: string): Promise<string> => {
      const der = Buffer.from(privateKey.replaceAll(/-----[^-]+-----|\s/g, ""), "base64");
      const key = await webcrypto.subtle.importKey("pkcs8", der, { name: "ECDSA", namedCurve: "P-256" }, false, [
        "sign",
      ]);
      const seconds = Date.now() / 1000;
      // Python's clients send a fraction here.
      return new SignJWT({ exp: seconds + 599.5, nbf: Math.floor(seconds) })
        .setProtectedHeader({ alg: "ES256", x5t: createHash("sha1").update(der).digest("base64url") })
        .setIssuer(clientId)
        .setSubject(clientId)
        .setAudience(`${stamp.loginUrl}/oauth2/token`)
        .sign(key);
    };
    const ask = async (privateKey: string): Promise<number> => {
      const reply = await post(`${stamp.loginUrl}/oauth2/token`, ca, {
        grant_type: "client_credentials",
        client_id: clientId,
        client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        client_assertion: await assertion(privateKey),
        resource: stamp.audience,
      });
      return reply.status;
    };
    expect(await ask(mine.privateKey)).toBe(200);
    expect(await ask(other.privateKey)).toBe(401);
    expect(readFileSync(join(folder, "ca.crt"), "utf8")).toContain("BEGIN CERTIFICATE");
  } finally {
    await rm(folder, { recursive: true });
  }
});
