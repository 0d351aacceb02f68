import fc from "fast-check";
import { expect, test } from "vitest";
import { matchesPattern } from "./match-pattern.ts";
import { orderApplications } from "./order-applications.ts";

const names = ["a", "b", "c", "d", "e", "f"];
const anyApplications = fc
  .array(fc.record({ priority: fc.nat(3), dependsOn: fc.subarray([...names, "unknown"]) }), { maxLength: names.length })
  .map((all) => all.map((one, i) => ({ ...one, name: names[i] ?? "" })));

test("each application has its wave after all it depends on, or is in or behind a cycle", () => {
  fc.assert(
    fc.property(anyApplications, (applications) => {
      const { waves, cycles, behindCycles } = orderApplications(applications);
      const waveOf = new Map(waves.flatMap((wave, i) => wave.map((name) => [name, i] as const)));
      const placed = [...waves.flat(), ...cycles.flat(), ...behindCycles].sort();
      expect(placed).toEqual(applications.map(({ name }) => name).sort());
      for (const { name, dependsOn } of applications) {
        const wave = waveOf.get(name);
        if (wave === undefined) continue;
        const known = dependsOn.filter((other) => applications.some((one) => one.name === other));
        for (const other of known) expect(waveOf.get(other) ?? Infinity).toBeLessThan(wave);
      }
      const reaches = (from: string, to: string, seen = new Set<string>()): boolean =>
        (applications.find(({ name }) => name === from)?.dependsOn ?? []).some((next) => {
          if (next === to) return true;
          if (seen.has(next)) return false;
          seen.add(next);
          return reaches(next, to, seen);
        });
      const circular = applications.map(({ name }) => name).filter((name) => reaches(name, name));
      expect(cycles.flat().sort()).toEqual(circular.sort());
    }),
    { numRuns: 500 },
  );
});

test("a name pattern matches what the same regular expression matches", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "b", "."), maxLength: 8 });
  const pattern = fc.string({ unit: fc.constantFrom("a", "b", ".", "*", "?"), maxLength: 6 });
  fc.assert(
    fc.property(pattern, text, (wanted, name) => {
      const source = wanted.replaceAll(".", "\\.").replaceAll("*", ".*").replaceAll("?", ".");
      expect(matchesPattern(wanted, name)).toBe(new RegExp(`^${source}$`).test(name));
    }),
    { numRuns: 2000 },
  );
});
