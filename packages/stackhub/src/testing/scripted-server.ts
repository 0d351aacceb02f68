import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

export interface ScriptedAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Objects are sent as JSON. */
  readonly body?: unknown;
  /** Cuts the connection after so many bytes of the body. */
  readonly cutAfterBytes?: number;
  /** Never answers. */
  readonly isSilent?: boolean;
}

export type Script = (request: SeenRequest) => ScriptedAnswer | undefined;

/** A server on loopback that answers by a script and remembers what it was asked. A request without answer gets 599. */
export interface ScriptedServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly requests: SeenRequest[];
  script: Script;
}

export async function startScriptedServer(
  script: Script,
  tls?: { readonly key: string; readonly cert: string },
): Promise<ScriptedServer> {
  const requests: SeenRequest[] = [];
  const onRequest = (message: IncomingMessage, response: ServerResponse): void => {
    const pieces: Buffer[] = [];
    message.on("data", (piece: Buffer) => pieces.push(piece));
    message.on("end", () => {
      const url = new URL(message.url ?? "/", "http://scripted");
      const seen = {
        method: message.method ?? "",
        path: decodeURIComponent(url.pathname),
        query: url.searchParams,
        headers: message.headers,
        body: Buffer.concat(pieces).toString("latin1"),
      };
      requests.push(seen);
      answer(
        response,
        started.script(seen) ?? { status: 599, body: { error: { code: "Unscripted", message: seen.path } } },
      );
    });
  };
  const server = tls === undefined ? createServer(onRequest) : createSecureServer(tls, onRequest);
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  const started: ScriptedServer = {
    url: `${tls === undefined ? "http" : "https"}://127.0.0.1:${port}`,
    port,
    requests,
    script,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
  return started;
}

function answer(response: ServerResponse, scripted: ScriptedAnswer): void {
  if (scripted.isSilent === true) return;
  const { body } = scripted;
  const bytes =
    body === undefined
      ? Buffer.alloc(0)
      : body instanceof Uint8Array
        ? Buffer.from(body)
        : Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
  const type = typeof body === "string" ? "text/html" : "application/json";
  response.writeHead(scripted.status ?? 200, {
    "Content-Type": type,
    "Content-Length": String(bytes.byteLength),
    ...scripted.headers,
  });
  if (scripted.cutAfterBytes === undefined) {
    response.end(bytes);
    return;
  }
  response.write(bytes.subarray(0, scripted.cutAfterBytes), () => response.destroy());
}
