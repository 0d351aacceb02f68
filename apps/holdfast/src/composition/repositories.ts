import { createFileBlobStore, createRepository, openRepository } from "@holdfast/repository";
import type { BlobStore } from "@holdfast/repository";
import { HoldfastError, Secret } from "@holdfast/kernel";
import type { Clock, Random } from "@holdfast/kernel";
import type { Services } from "./services.ts";

/** Makes and opens repositories in folders. */
export function createRepositoryServices(deps: {
  readonly clock: Clock;
  readonly random: Random;
}): Pick<Services, "createRepository" | "openRepository"> {
  return {
    async createRepository({ location, passphrase, keepKit }, { signal }) {
      return await createRepository(openBlobStore(location, deps.random), {
        ...deps,
        signal,
        passphrase,
        keepKit: async ({ id, recoveryKit }) => {
          // The code is the last thing on its line, in groups joined by dashes.
          const lastGroup = /^Code:.*-([0-9A-Z]+)\s*$/m.exec(recoveryKit)?.[1] ?? "";
          await keepKit({ id, recoveryKit: new Secret(recoveryKit), lastGroup: new Secret(lastGroup) });
        },
      });
    },
    openRepository: (location, passphrase, { signal }) =>
      openRepository(openBlobStore(location, deps.random), { ...deps, signal, passphrase }),
  };
}

function openBlobStore(location: string, random: Random): BlobStore {
  if (!location.includes("://")) return createFileBlobStore(location, random);
  throw new HoldfastError({
    code: "cli.repository.unsupported",
    message: `${location} is not a folder, and this build keeps repositories in folders only`,
    advice: "Name a folder, such as one on a mounted share.",
    details: { location },
  });
}
