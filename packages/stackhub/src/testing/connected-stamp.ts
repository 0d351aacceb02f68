import { Secret } from "@holdfast/kernel";
import { SeededRandom, SkippingClock } from "@holdfast/kernel/testing";
import { connectStamp } from "../connect-stamp.ts";
import { startScriptedServer } from "./scripted-server.ts";
import { scriptedStamp, type Wire } from "./scripted-stamp.ts";

/** Connects the adapter to a scripted stamp; `calls` tells what it asked since then. */
export async function connectScripted(wire: (base: () => string) => Wire) {
  const server = await startScriptedServer(() => undefined);
  const base = (): string => server.url;
  server.script = scriptedStamp(base, wire(base));
  const stamp = await connectStamp(
    {
      name: "east",
      armEndpoint: server.url,
      tenant: "adfs",
      clientId: "c1",
      credential: { kind: "secret", secret: new Secret("hush") },
      resolve: { "*.blob.east.ash.example": "127.0.0.1" },
    },
    { clock: new SkippingClock(), random: new SeededRandom(1) },
  );
  const made = server.requests.length;
  return {
    server,
    stamp,
    calls: () => server.requests.slice(made).map(({ method, path }) => `${method} ${path.split("/").at(-1)}`),
    [Symbol.asyncDispose]: async () => {
      await stamp[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}
