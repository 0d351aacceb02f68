import { join } from "node:path";
import { catalogFolder, createSystemHost, openCatalog } from "@holdfast/catalog";
import { HoldfastError } from "@holdfast/kernel";
import { createSystemClock } from "../system-clock.ts";
import { createSystemRandom } from "../system-random.ts";
import type { Services } from "./services.ts";

/**
 * The one place that names concrete adapters. Those with heavy libraries behind them are loaded when a command first
 * needs them.
 */
export function createSystemServices(environment: Readonly<Record<string, string | undefined>>): Services {
  const clock = createSystemClock();
  const random = createSystemRandom();
  return {
    createRepository: refuseRepository,
    openRepository: refuseRepository,
    clock,
    random,
    environment,
    openCatalog: () =>
      openCatalog({ file: join(catalogFolder(environment), "catalog.db"), clock, host: createSystemHost() }),
    async connectStamp(record, { signal, warn }) {
      const { connectStamp } = await import("@holdfast/stackhub");
      const { readStampConfig } = await import("./stamp-config.ts");
      return await connectStamp(await readStampConfig(record, warn), { clock, random }, { signal });
    },
  };
}

async function refuseRepository(): Promise<never> {
  throw new HoldfastError({
    code: "cli.repository.unavailable",
    message: "this build has no repository room yet, so it can neither make nor open one",
    advice: "Use a build that has packages/repository.",
  });
}
