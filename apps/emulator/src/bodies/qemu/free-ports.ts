import { createServer } from "node:net";

/**
 * Finds loopback ports that are free now, one per guest port. QEMU binds them a moment later: another program could
 * take one in between, and then QEMU does not start and says so.
 */
export async function findFreePorts(guestPorts: readonly number[]): Promise<Map<number, number>> {
  const servers = await Promise.all(
    guestPorts.map(async (guestPort) => {
      const server = createServer();
      await new Promise<void>((resolve, reject) => {
        server.once("error", reject);
        server.listen(0, "127.0.0.1", resolve);
      });
      const address = server.address();
      if (address === null || typeof address === "string") throw new Error("a loopback listener has no port");
      return { guestPort, hostPort: address.port, server };
    }),
  );
  await Promise.all(servers.map(({ server }) => new Promise((resolve) => server.close(resolve))));
  return new Map(servers.map(({ guestPort, hostPort }) => [guestPort, hostPort]));
}
