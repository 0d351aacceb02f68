import { readFileSync } from "node:fs";
import { Agent, request as httpsRequest } from "node:https";
import { setTimeout as wait } from "node:timers/promises";
import type { EmulatedStamp } from "./emulated-stamp.ts";

export interface ArmAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: unknown;
}

/**
 * A tenant user with plain HTTP, who sets up what Holdfast is to protect. Shares no code with the product, so that
 * neither hides a mistake of the other.
 */
export interface Tenant {
  readonly stamp: EmulatedStamp;
  /** One call, waited for to the end where it is a long-running operation. Raises on any answer of 400 or more. */
  arm(method: string, path: string, version: string, body?: unknown): Promise<unknown>;
  /** One call with its answer as it came. */
  send(method: string, path: string, version: string, body?: unknown): Promise<ArmAnswer>;
  /** `/subscriptions/…/resourceGroups/<group>` */
  groupId(group: string): string;
}

interface Call {
  readonly method: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

function sendCall(agent: Agent, call: Call): Promise<ArmAnswer> {
  return new Promise((resolve, reject) => {
    const request = httpsRequest(call.url, { method: call.method, agent, headers: { ...call.headers } }, (response) => {
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => parts.push(part));
      response.once("error", reject);
      response.once("end", () => {
        const text = Buffer.concat(parts).toString();
        const isJson = String(response.headers["content-type"] ?? "").includes("json");
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: isJson && text !== "" ? JSON.parse(text) : text,
        });
      });
    });
    request.once("error", reject);
    request.end(call.body);
  });
}

async function fetchToken(agent: Agent, stamp: EmulatedStamp): Promise<string> {
  const metadata = await sendCall(agent, {
    method: "GET",
    url: `${stamp.armUrl}/metadata/endpoints?api-version=2015-01-01`,
  });
  const { authentication } = metadata.body as {
    readonly authentication: { readonly loginEndpoint: string; readonly audiences: readonly string[] };
  };
  const form = new URLSearchParams({
    grant_type: "client_credentials",
    client_id: stamp.clientId,
    client_secret: stamp.secret,
    resource: authentication.audiences[0] ?? "",
  });
  const answer = await sendCall(agent, {
    method: "POST",
    url: `${authentication.loginEndpoint}/oauth2/token`,
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: form.toString(),
  });
  if (answer.status !== 200) throw new Error(`no token: ${answer.status} ${JSON.stringify(answer.body)}`);
  return (answer.body as { readonly access_token: string }).access_token;
}

/** Logs in at a stamp. */
export async function connectTenant(stamp: EmulatedStamp): Promise<Tenant> {
  const agent = new Agent({ ca: readFileSync(stamp.caFile), keepAlive: true });
  const token = await fetchToken(agent, stamp);
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const send = (method: string, path: string, version: string, body?: unknown): Promise<ArmAnswer> =>
    sendCall(agent, {
      method,
      url: `${stamp.armUrl}${path}${path.includes("?") ? "&" : "?"}api-version=${version}`,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const finish = async (answer: ArmAnswer): Promise<unknown> => {
    const operation = answer.headers["azure-asyncoperation"];
    if (typeof operation !== "string") return answer.body;
    for (;;) {
      const { body } = await sendCall(agent, { method: "GET", url: operation, headers });
      const { status, error, properties } = body as {
        readonly status: string;
        readonly error?: { readonly code: string; readonly message: string };
        readonly properties?: { readonly output?: unknown };
      };
      if (status === "Succeeded") return properties?.output ?? answer.body;
      if (status === "Failed" || status === "Canceled") throw new Error(`operation failed: ${JSON.stringify(error)}`);
      await wait(50);
    }
  };
  return {
    stamp,
    send,
    groupId: (group) => `/subscriptions/${stamp.subscriptionId}/resourceGroups/${group}`,
    arm: async (method, path, version, body) => {
      const answer = await send(method, path, version, body);
      if (answer.status >= 400) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
      return finish(answer);
    },
  };
}
