import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { z } from "zod";
import { roleNames } from "../core/service-principals.ts";
import type { FaultBoard } from "../faults/fault-board.ts";
import type { FaultInput } from "../faults/fault.ts";
import { readBody } from "./http-body.ts";

export interface ControlReply {
  readonly status: number;
  readonly body?: unknown;
}

const principalSchema = z.strictObject({
  displayName: z.string().min(1),
  clientId: z.uuid().optional(),
  secret: z.string().min(8).optional(),
  /** PEM. */
  certificate: z.string().optional(),
  role: z.enum(roleNames).optional(),
  scope: z.string().startsWith("/").optional(),
});

export type PrincipalRequest = z.output<typeof principalSchema>;

/** What the control API acts on: one stamp. */
export interface ControlledStamp {
  readonly name: string;
  readonly faults: FaultBoard;
  addPrincipal(request: PrincipalRequest): Promise<{ readonly clientId: string; readonly objectId: string }>;
  /** What a plane answers below `/stamps/<name>/`; undefined where the path is none of its own. */
  extra(method: string, path: string, body: unknown): Promise<ControlReply | undefined>;
}

export interface ControlServer extends AsyncDisposable {
  readonly url: string;
}

class ControlRefusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

function isAuthorised(request: IncomingMessage, token: string): boolean {
  const given = Buffer.from(/^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1] ?? "");
  const wanted = Buffer.from(token);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const text = (await readBody(request, 1 << 20)).toString("utf8");
  return text === "" ? undefined : JSON.parse(text);
}

function faultReply(stamp: ControlledStamp, method: string, id: string | undefined, body: unknown): ControlReply {
  if (method === "GET") return { status: 200, body: { faults: stamp.faults.list() } };
  // Checked by the board itself, against the schema of faults.
  if (method === "POST") return { status: 201, body: { id: stamp.faults.add(body as FaultInput) } };
  if (method !== "DELETE") throw new ControlRefusal(405, `faults know no ${method}`);
  stamp.faults.clear(id);
  return { status: 204 };
}

async function answer(request: IncomingMessage, stamps: readonly ControlledStamp[]): Promise<ControlReply> {
  const method = request.method ?? "GET";
  const [root, name, word, ...rest] = new URL(request.url ?? "/", "http://control").pathname.split("/").slice(1);
  if (root === "stamps" && name === undefined) return { status: 200, body: { stamps: stamps.map((one) => one.name) } };
  const stamp = stamps.find((one) => one.name === name);
  if (root !== "stamps" || stamp === undefined) throw new ControlRefusal(404, "no such stamp");
  const body = await readJson(request);
  if (word === "faults") return faultReply(stamp, method, rest[0], body);
  if (word === "principals" && method === "POST") {
    return { status: 201, body: await stamp.addPrincipal(principalSchema.parse(body)) };
  }
  const reply = await stamp.extra(method, [word, ...rest].join("/"), body);
  if (reply !== undefined) return reply;
  throw new ControlRefusal(404, "no such control call");
}

function refusalOf(error: unknown): ControlReply {
  if (error instanceof ControlRefusal) return { status: error.status, body: { error: error.message } };
  if (error instanceof z.ZodError) return { status: 400, body: { error: z.prettifyError(error) } };
  if (error instanceof SyntaxError) return { status: 400, body: { error: error.message } };
  return { status: 500, body: { error: error instanceof Error ? error.message : "failed" } };
}

function write(response: ServerResponse, reply: ControlReply): void {
  response.writeHead(reply.status, { "content-type": "application/json; charset=utf-8" });
  response.end(reply.body === undefined ? undefined : JSON.stringify(reply.body));
}

/** Serves the control API on loopback: faults and principals, for whoever can read the token file. */
export async function startControlServer(
  stamps: readonly ControlledStamp[],
  token: string,
  port: number,
): Promise<ControlServer> {
  const server = createServer((request, response) => {
    if (!isAuthorised(request, token))
      return write(response, { status: 401, body: { error: "give the control token" } });
    answer(request, stamps).then(
      (reply) => write(response, reply),
      (error: unknown) => write(response, refusalOf(error)),
    );
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}
