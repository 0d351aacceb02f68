import { join } from "node:path";
import { catalogFolder, createSystemHost, openCatalog } from "@holdfast/catalog";
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
  const repositories = async () => {
    const { createRepositoryServices } = await import("./repositories.ts");
    return createRepositoryServices({ clock, random, environment });
  };
  return {
    createRepository: async (wanted, options) => await (await repositories()).createRepository(wanted, options),
    openKeyring: async (location, key, options) => await (await repositories()).openKeyring(location, key, options),
    openCopyable: async (location, key, options) => await (await repositories()).openCopyable(location, key, options),
    openRepository: async (location, key, options) =>
      await (await repositories()).openRepository(location, key, options),
    async openStore(location, options) {
      const { openStore } = await import("./open-store.ts");
      return await openStore(location, { clock, random, environment }, options);
    },
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
