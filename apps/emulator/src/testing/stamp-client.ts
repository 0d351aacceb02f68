import { request } from "node:https";
import type { RunningStamp } from "../core/running-stamp.ts";

export interface HttpReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly bytes: Buffer;
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into answers of many shapes
  readonly body: any;
}

export interface HttpCall {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

function parse(bytes: Buffer, contentType: string | undefined): unknown {
  return contentType?.includes("json") === true && bytes.length > 0 ? JSON.parse(bytes.toString("utf8")) : undefined;
}

/** One HTTPS exchange that trusts the emulator's authority. Give a `host` header to reach a named service. */
export async function send(url: string, ca: string, call: HttpCall = {}): Promise<HttpReply> {
  const { promise, resolve, reject } = Promise.withResolvers<HttpReply>();
  const outgoing = request(
    url,
    { method: call.method ?? "GET", headers: call.headers ?? {}, ca, servername: "localhost", agent: false },
    (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const bytes = Buffer.concat(chunks);
        const body = parse(bytes, response.headers["content-type"]);
        resolve({ status: response.statusCode ?? 0, headers: response.headers, bytes, body });
      });
    },
  );
  outgoing.on("error", reject);
  outgoing.end(call.body);
  return promise;
}

/** A client of one stamp's ARM for tests: signs in, sends JSON, and follows operations to their end. */
export interface StampClient {
  readonly token: string;
  /** `path` begins with `/`; `api-version` is added to it. */
  arm(method: string, path: string, apiVersion: string, body?: unknown): Promise<HttpReply>;
  /** Polls Azure-AsyncOperation (or Location) until the operation has ended; answers the last poll. */
  settle(reply: HttpReply): Promise<HttpReply>;
}

export async function signIn(
  stamp: RunningStamp,
  ca: string,
  credentials: { readonly clientId: string; readonly clientSecret: string } = stamp,
): Promise<HttpReply> {
  const form = new URLSearchParams({
    grant_type: "client_credentials",
    client_id: credentials.clientId,
    client_secret: credentials.clientSecret,
    resource: stamp.audience,
  });
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  return send(`${stamp.loginUrl}/oauth2/token`, ca, { method: "POST", headers, body: form.toString() });
}

export async function createStampClient(
  stamp: RunningStamp,
  ca: string,
  credentials?: { readonly clientId: string; readonly clientSecret: string },
): Promise<StampClient> {
  const reply = await signIn(stamp, ca, credentials);
  if (reply.status !== 200) throw new Error(`sign-in answered ${reply.status}: ${reply.bytes.toString("utf8")}`);
  const token = String(reply.body.access_token);
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const poll = async (reply: HttpReply): Promise<HttpReply> => {
    const statusUrl = reply.headers["azure-asyncoperation"];
    const url = statusUrl ?? reply.headers["location"];
    if (typeof url !== "string") return reply;
    for (;;) {
      const next = await send(url, ca, { headers });
      if (statusUrl === undefined ? next.status !== 202 : next.body?.status !== "InProgress") return next;
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return {
    token,
    arm: (method, path, apiVersion, body) => {
      const url = `${stamp.armUrl}${path}${path.includes("?") ? "&" : "?"}api-version=${apiVersion}`;
      return send(url, ca, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    },
    settle: poll,
  };
}
