import { createServer } from "node:http";
import { once } from "node:events";
import { type AddressInfo, connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";

export interface ConnectProxy extends AsyncDisposable {
  readonly url: string;
}

/** A stamp that the proxy leads to. */
export interface ProxiedStamp {
  readonly domain: string;
  readonly port: number;
  /** Whether it answers for the public login hosts. */
  readonly isEntra: boolean;
}

const publicLogins = ["login.microsoftonline.com", "login.windows.net"];

/** The stamp's port that a host name means; undefined for what is not of the emulator. */
export function portFor(stamps: readonly ProxiedStamp[], host: string): number | undefined {
  const name = host.toLowerCase();
  if (publicLogins.includes(name)) return stamps.find((stamp) => stamp.isEntra)?.port;
  return stamps.find((stamp) => name === stamp.domain || name.endsWith(`.${stamp.domain}`))?.port;
}

/** An HTTP proxy for clients without DNS for the stamps: CONNECT to any name of a stamp, whatever the port. */
export async function startConnectProxy(stamps: readonly ProxiedStamp[], port: number): Promise<ConnectProxy> {
  const server = createServer((_request, response) => response.writeHead(405).end());
  const open = new Set<Socket | Duplex>();
  server.on("connect", (request, client, head) => {
    const host = (request.url ?? "").replace(/:\d+$/, "");
    const target = portFor(stamps, host);
    if (target === undefined) return client.end("HTTP/1.1 502 Not a host of the emulator\r\n\r\n");
    const upstream = connect(target, "127.0.0.1", () => {
      client.write("HTTP/1.1 200 Connection established\r\n\r\n");
      upstream.write(head);
      upstream.pipe(client);
      client.pipe(upstream);
    });
    for (const [one, other] of [
      [upstream, client],
      [client, upstream],
    ] as const) {
      open.add(one);
      // A refused or broken side ends the other as well: that is all a tunnel can say.
      one.on("error", () => other.destroy());
      one.on("close", () => {
        open.delete(one);
        other.destroy();
      });
    }
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      for (const one of open) one.destroy();
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}
