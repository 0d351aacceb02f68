import { runJanitor } from "../workflow/janitor.ts";
import type { EngineDeps } from "../workflow/workflow.ts";
import { Mortal } from "./mortal.ts";
import type { World } from "./world.ts";

/**
 * Runs a workflow again and again in a new world, killed at its first port call, then at its second, and so on until it
 * lives to its end. After each death the next start's janitor runs, and `judge` looks at what is left. Answers the kills.
 */
export async function killAtEachCall<T extends { readonly world: World }>(
  steps: {
    prepare(): Promise<T>;
    act(prepared: T, deps: EngineDeps, mortal: Mortal): Promise<unknown>;
    judge(prepared: T, killedAt: string): Promise<void>;
  },
  options: { readonly takesEffect: boolean },
): Promise<number> {
  for (let lastCall = 1; ; lastCall += 1) {
    const prepared = await steps.prepare();
    const { world } = prepared;
    const mortal = new Mortal(lastCall, options);
    const outcome = await Promise.race([mortal.death, steps.act(prepared, world.mortalDeps(mortal), mortal)]);
    if (outcome !== "killed") return lastCall - 1;
    // What is still on its way to the platform arrives.
    await new Promise((resolve) => setImmediate(resolve));
    world.records.killRuns();
    const { failures } = await runJanitor(world.deps);
    if (failures.length > 0) throw new Error(`killed at call ${lastCall}, the janitor fails`, { cause: failures });
    await steps.judge(prepared, `killed at call ${lastCall}`);
  }
}

/** All on a stamp that carries a tag of Holdfast, by ARM id, sorted. */
export function listTagged(world: World): string[] {
  const { disks, snapshots, vms, nics } = world.stamp;
  return [disks, snapshots, vms, nics]
    .flatMap((held) => [...held.entries()])
    .filter(([, { tags }]) => Object.keys(tags).some((name) => name.startsWith("holdfast:")))
    .map(([id]) => id)
    .toSorted();
}
