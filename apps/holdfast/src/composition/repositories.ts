import { join } from "node:path";
import { catalogFolder } from "@holdfast/catalog";
import { createRepository, openKeyring, openRepository } from "@holdfast/repository";
import { Secret } from "@holdfast/kernel";
import type { Clock, Random } from "@holdfast/kernel";
import { openStore } from "./open-store.ts";
import type { Services } from "./services.ts";

/** Makes and opens repositories in folders and in containers of Azure storage. */
export function createRepositoryServices(deps: {
  readonly clock: Clock;
  readonly random: Random;
  readonly environment: Services["environment"];
}): Pick<Services, "createRepository" | "openCopyable" | "openKeyring" | "openRepository"> {
  const open: Services["openCopyable"] = async (location, key, options) =>
    await openRepository(await openStore(location, deps, options), {
      ...deps,
      signal: options.signal,
      ...key,
      ...(options.threads === undefined ? {} : { threads: options.threads }),
      cacheFolder: join(catalogFolder(deps.environment), "index-cache"),
    });
  return {
    async createRepository({ location, keepKit, ...wanted }, options) {
      return await createRepository(await openStore(location, deps, options), {
        ...deps,
        signal: options.signal,
        ...wanted,
        keepKit: ({ id, recoveryKit, lastGroup }) =>
          keepKit({ id, recoveryKit: new Secret(recoveryKit), lastGroup: new Secret(lastGroup) }),
      });
    },
    openKeyring: async (location, key, options) =>
      await openKeyring(await openStore(location, deps, options), { ...deps, signal: options.signal, ...key }),
    openCopyable: open,
    openRepository: open,
  };
}
