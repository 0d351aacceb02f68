import { createServer as createPlainServer } from "node:http";
import type { Server } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { HoldfastError } from "@holdfast/kernel";
import { createAppendOnlyHandler } from "./append-only-handler.ts";
import type { AppendOnlyParts } from "./append-only-handler.ts";

export interface ListenOptions {
  readonly host: string;
  /** 0 takes any free one. */
  readonly port: number;
  /** Certificate and key as PEM; without them only loopback is served. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

export interface AppendOnlyServer extends AsyncDisposable {
  readonly port: number;
}

const silenceMs = 60_000;
/** A pack of 21 MiB over 2 Mbit/s takes 90 s. */
const requestMs = 15 * 60_000;

/** Serves a store to clients that may add and read. Raises `repository.serve.plain-http` where TLS is missing. */
export async function startAppendOnlyServer(parts: AppendOnlyParts, listen: ListenOptions): Promise<AppendOnlyServer> {
  const { host, port, tls } = listen;
  if (tls === undefined && !["127.0.0.1", "::1", "localhost"].includes(host)) throw plainHttp(host);
  const limits = {
    headersTimeout: 20_000,
    requestTimeout: requestMs,
    keepAliveTimeout: silenceMs,
    maxHeaderSize: 16_384,
  };
  const handle = createAppendOnlyHandler(parts);
  const underWay = new Set<Promise<void>>();
  const onRequest: Parameters<typeof createPlainServer>[1] = (request, response) => {
    const handling = handle(request, response).finally(() => underWay.delete(handling));
    underWay.add(handling);
  };
  const server: Server =
    tls === undefined
      ? createPlainServer(limits, onRequest)
      : createSecureServer({ ...limits, ...tls, minVersion: "TLSv1.2" }, onRequest);
  server.setTimeout(silenceMs);
  server.maxConnections = 256;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(cannotListen(host, port, error)));
    server.listen(port, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => {
        server.close(resolve);
      });
      server.closeIdleConnections();
      setTimeout(() => server.closeAllConnections(), 5000).unref();
      await closed;
      // A put goes on when its client is gone.
      await Promise.all(underWay);
    },
  };
}

function plainHttp(host: string): HoldfastError {
  return new HoldfastError({
    code: "repository.serve.plain-http",
    message: `tokens would cross the network in the clear: ${host} is not loopback, and no certificate is given`,
    advice: "Give --certificate and --certificate-key.",
    details: { host },
  });
}

function cannotListen(host: string, port: number, cause: unknown): HoldfastError {
  return new HoldfastError({
    code: "repository.serve.cannot-listen",
    message: `${host}:${port} cannot be listened on`,
    advice: "Choose another address or port with --listen, or stop the program that has it.",
    details: { host, port },
    cause,
  });
}
