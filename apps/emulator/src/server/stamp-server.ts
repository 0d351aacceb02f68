import { createServer as createPlainServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import type { StampConfig } from "../core/stamp-config.ts";
import type { KeyPair } from "../identity/certificate-authority.ts";
import { endpointMetadata } from "../identity/endpoint-metadata.ts";
import { answerIdentity, isIdentityPath } from "../identity/identity-service.ts";
import type { TokenEndpointDeps } from "../identity/token-endpoint.ts";
import { type ArmServerDeps, answerArm, errorReply, writeReply } from "./arm-server.ts";
import type { BlobPlane } from "./blob-plane.ts";
import type { FaultGate } from "./fault-gate.ts";
import { readBody } from "./http-body.ts";
import type { RecordContext, Recorder } from "./recorder.ts";

export interface StampServerDeps {
  readonly config: StampConfig;
  readonly keyPair: KeyPair;
  readonly arm: ArmServerDeps;
  readonly identity: TokenEndpointDeps;
  readonly gate: FaultGate;
  readonly blobPlane?: BlobPlane | undefined;
  readonly recorder?: Recorder | undefined;
}

/** The listeners of one stamp. A lost stamp keeps its port numbers and refuses connections. */
export interface StampServer extends AsyncDisposable {
  readonly port: number;
  /** Storage over plain HTTP, for comparing throughput. */
  readonly plainPort: number;
  setReachable(isReachable: boolean): Promise<void>;
}

type Plane = RecordContext["plane"];

/** Which service a host name means; localhost and bare addresses are told apart by path. */
function planeOf(config: StampConfig, host: string, path: string): Plane | "identity" | "metadata" {
  const name = host.toLowerCase().replace(/:\d+$/, "");
  if (/^[^.]+\.blob\./.test(name)) return "blob";
  const isLogin = /^(adfs|login|graph|portal)\./.test(name);
  const path1 = path.replaceAll(/\/{2,}/g, "/").toLowerCase();
  if (isLogin) return /^(adfs|login)\./.test(name) ? "identity" : "other";
  if (path1.startsWith("/metadata/")) return "metadata";
  if (isIdentityPath(config, path)) return "identity";
  return /^(adminmanagement|[^.]+\.(queue|table|vault))\./.test(name) ? "other" : "arm";
}

/** Collapses the doubled slashes that real clients send, and survives addresses that are none. */
function addressOf(request: IncomingMessage): URL {
  const scheme = "encrypted" in request.socket ? "https" : "http";
  const host = request.headers.host ?? "localhost";
  const [path = "/", ...query] = (request.url ?? "/").split("?");
  const suffix = query.length === 0 ? "" : `?${query.join("?")}`;
  return new URL(`${scheme}://${host}${path.replaceAll(/\/{2,}/g, "/")}${suffix}`);
}

function writeJson(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  response.writeHead(status, { "content-type": "application/json; charset=utf-8", "cache-control": "no-store" });
  response.end(text);
}

async function answer(deps: StampServerDeps, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { config } = deps;
  const url = addressOf(request);
  // The stamp's clock, which a fault may have set off: clients learn from here how far theirs is from it.
  response.setHeader("date", new Date(deps.identity.now()).toUTCString());
  const service = planeOf(config, url.host, url.pathname);
  const plane: Plane = service === "identity" || service === "metadata" ? "other" : service;
  const context: RecordContext = { plane, url: url.href, fault: undefined };
  deps.recorder?.watch(context, request, response);
  if (plane !== "other") {
    const strike = deps.gate.strike(plane, `${request.method} ${url.host}${url.pathname}${url.search}`, response);
    context.fault = strike?.name;
    if (strike?.isAnswered === true) return;
  }
  if (service === "blob" && deps.blobPlane !== undefined) return deps.blobPlane.handle(request, response);
  if (service === "arm") return answerArm(deps.arm, url, request, response);
  if (service === "metadata") {
    return writeJson(response, 200, endpointMetadata(config, url.origin, url.searchParams.get("api-version") ?? ""));
  }
  if (service === "identity") {
    const form = new URLSearchParams((await readBody(request, 1 << 16)).toString("utf8"));
    const reply = await answerIdentity({ method: request.method ?? "GET", url, form }, deps.identity);
    return writeJson(response, reply.status, reply.body);
  }
  writeJson(response, 404, { error: { code: "NotFound", message: `Nothing answers at ${url.host}.` } });
}

/** The plain port knows storage only, whatever the host name. */
async function answerPlain(deps: StampServerDeps, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = addressOf(request);
  const context: RecordContext = { plane: "blob", url: url.href, fault: undefined };
  deps.recorder?.watch(context, request, response);
  const strike = deps.gate.strike("blob", `${request.method} ${url.host}${url.pathname}${url.search}`, response);
  context.fault = strike?.name;
  if (strike?.isAnswered === true) return;
  if (deps.blobPlane === undefined)
    writeJson(response, 404, { error: { code: "NotFound", message: "no storage here" } });
  else await deps.blobPlane.handle(request, response);
}

async function listen(server: Server, port: number): Promise<number> {
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

async function close(server: Server): Promise<void> {
  if (!server.listening) return;
  server.close();
  server.closeAllConnections();
  await once(server, "close");
}

/** Starts listening. Ports of 0 are chosen by the system. */
export async function startStampServer(
  deps: StampServerDeps,
  ports: { readonly tls: number; readonly plain: number },
): Promise<StampServer> {
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    answer(deps, request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else writeReply(response, errorReply(error), deps.arm.uuid(), deps.arm.uuid());
    });
  };
  const onPlain = (request: IncomingMessage, response: ServerResponse): void => {
    answerPlain(deps, request, response).catch(() => response.destroy());
  };
  const tls = createServer(
    { cert: deps.keyPair.certificate, key: deps.keyPair.privateKey, keepAliveTimeout: 60_000 },
    onRequest,
  );
  const plain = createPlainServer({ keepAliveTimeout: 60_000 }, onPlain);
  const port = await listen(tls, ports.tls);
  const plainPort = await listen(plain, ports.plain);
  // One change after another: a listener cannot open while it still closes.
  let last: Promise<unknown> = Promise.resolve();
  const change = async (isReachable: boolean): Promise<void> => {
    if (!isReachable) await Promise.all([close(tls), close(plain)]);
    else if (!tls.listening) await Promise.all([listen(tls, port), listen(plain, plainPort)]);
  };
  const setReachable = (isReachable: boolean): Promise<void> => {
    const next = last.then(() => change(isReachable));
    last = next.catch(() => undefined);
    return next;
  };
  return { port, plainPort, setReachable, [Symbol.asyncDispose]: () => setReachable(false) };
}
