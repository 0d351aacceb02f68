import { once } from "node:events";
import { request } from "node:http";
import type { Socket } from "node:net";
import { connect } from "node:tls";
import { expect, test } from "vitest";
import { startEmulator } from "../core/start-emulator.ts";

/** Asks the proxy for a tunnel, then one GET through it under the host's own name. */
async function getThrough(proxyUrl: string, host: string, path: string, ca: string): Promise<string> {
  const { hostname, port } = new URL(proxyUrl);
  const outgoing = request({ host: hostname, port, method: "CONNECT", path: `${host}:443` });
  outgoing.end();
  const [response, socket] = (await once(outgoing, "connect")) as [{ statusCode: number }, Socket];
  if (response.statusCode !== 200) return String(response.statusCode);
  const secure = connect({ socket, servername: host, ca });
  await once(secure, "secureConnect");
  secure.write(`GET ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`);
  let text = "";
  for await (const chunk of secure) text += String(chunk);
  return text;
}

test("leads to each stamp by its genuine names, under their certificates, and nowhere else", async () => {
  await using emulator = await startEmulator({
    stamps: [{ name: "east" }, { name: "west", identity: "entra" }],
    proxyPort: 0,
  });
  const proxyUrl = emulator.proxyUrl ?? "";
  const metadata = "/metadata/endpoints?api-version=1.0";
  const [east, west] = [emulator.stamp("east"), emulator.stamp("west")];
  const get = (host: string, path: string): Promise<string> => getThrough(proxyUrl, host, path, emulator.caCertificate);
  expect(await get("management.east.ash.example", metadata)).toContain(east.audience);
  expect(await get("management.west.ash.example", metadata)).toContain("https://login.microsoftonline.com/");
  const configuration = `/${west.tenantId}/v2.0/.well-known/openid-configuration`;
  expect(await get("login.microsoftonline.com", configuration)).toContain("oauth2/v2.0/token");
  expect(await get("elsewhere.example", "/")).toBe("502");
});
