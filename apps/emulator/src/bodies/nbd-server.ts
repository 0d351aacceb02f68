import { chmod } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { serveNbdConnection, type FaultReport } from "./nbd/nbd-connection.ts";
import type { NbdExport } from "./nbd/nbd-export.ts";

export interface NbdServer extends AsyncDisposable {
  readonly socketPath: string;
}

/**
 * Serves exports by name over a Unix socket that only this user may open. Disposing cuts every client off, waits for
 * what they had under way, and removes the socket: after it no volume is touched any more.
 */
export async function startNbdServer(
  socketPath: string,
  exports: ReadonlyMap<string, NbdExport>,
  report: FaultReport,
): Promise<NbdServer> {
  const clients = new Map<Socket, Promise<void>>();
  const server = createServer((socket) => {
    clients.set(
      socket,
      serveNbdConnection(socket, exports, report).finally(() => clients.delete(socket)),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(socketPath, resolve);
  });
  await chmod(socketPath, 0o600);
  return {
    socketPath,
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      const underWay = [...clients.values()];
      for (const socket of clients.keys()) socket.destroy();
      await Promise.all([closed, ...underWay]);
    },
  };
}
