/** What depends on what, by name. */
export interface Dependent {
  readonly name: string;
  readonly priority: number;
  readonly dependsOn: readonly string[];
}

export interface ApplicationOrder {
  /** Names in the order of recovery: each wave depends only on earlier ones; inside a wave by priority, then by name. */
  readonly waves: readonly (readonly string[])[];
  /** Names that depend on themselves in a circle; none of them has a wave. */
  readonly cycles: readonly (readonly string[])[];
  /** Names that have no wave because they depend on a cycle without being in it. */
  readonly behindCycles: readonly string[];
}

/** Orders applications so that what others depend on comes first. Dependencies on unknown names are left out. */
export function orderApplications(applications: readonly Dependent[]): ApplicationOrder {
  const byName = new Map(applications.map((one) => [one.name, one]));
  const waiting = new Map(
    applications.map(({ name, dependsOn }) => [name, new Set(dependsOn.filter((other) => byName.has(other)))]),
  );
  const waves: (readonly string[])[] = [];
  for (;;) {
    const ready = [...waiting].filter(([, open]) => open.size === 0).map(([name]) => name);
    if (ready.length === 0) break;
    ready.forEach((name) => waiting.delete(name));
    const done = new Set(ready);
    for (const [name, open] of waiting) waiting.set(name, open.difference(done));
    const priority = (name: string): number => byName.get(name)?.priority ?? 0;
    waves.push(ready.sort((a, b) => priority(a) - priority(b) || (a < b ? -1 : 1)));
  }
  const cycles = findCycles(waiting);
  const inCycles = new Set(cycles.flat());
  return { waves, cycles, behindCycles: [...waiting.keys()].filter((name) => !inCycles.has(name)).sort() };
}

/** The groups whose members all reach each other (Tarjan), each sorted by name. */
function findCycles(edges: ReadonlyMap<string, ReadonlySet<string>>): readonly (readonly string[])[] {
  const order = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const cycles: string[][] = [];
  const visit = (name: string): void => {
    order.set(name, order.size);
    low.set(name, order.size - 1);
    stack.push(name);
    for (const next of edges.get(name) ?? []) {
      if (!order.has(next)) visit(next);
      else if (!stack.includes(next)) continue;
      low.set(name, Math.min(low.get(name) ?? 0, low.get(next) ?? 0));
    }
    if (low.get(name) !== order.get(name)) return;
    const group = stack.splice(stack.indexOf(name));
    if (group.length > 1 || (edges.get(name)?.has(name) ?? false)) cycles.push(group.sort());
  };
  for (const name of edges.keys()) if (!order.has(name)) visit(name);
  return cycles;
}
