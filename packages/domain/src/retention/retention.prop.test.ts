import fc from "fast-check";
import { expect, test } from "vitest";
import { decideRetention } from "./decide-retention.ts";
import type { RetainedPoint, RetentionRules } from "./decide-retention.ts";
import { createCalendar, periodKinds } from "./retention-periods.ts";

const count = fc.option(fc.nat(6), { nil: undefined });
const zones = ["UTC", "Europe/Berlin", "America/St_Johns", "Pacific/Apia", "Asia/Kathmandu"];
const anyRules: fc.Arbitrary<RetentionRules> = fc
  .record({
    last: fc.integer({ min: 0, max: 4 }),
    hourly: count,
    daily: count,
    weekly: count,
    monthly: count,
    yearly: count,
    timeZone: fc.constantFrom(...zones),
  })
  .map(({ last, timeZone, ...periods }) => {
    const given = Object.fromEntries(Object.entries(periods).filter(([, value]) => value !== undefined));
    const keepsSome = Object.values(given).some((value) => (value as number) > 0);
    return { ...given, last: keepsSome ? last : last + 1, timeZone };
  });
const firstMs = Date.parse("2024-01-01T00:00:00Z");
const anyPoints: fc.Arbitrary<RetainedPoint[]> = fc
  .array(
    fc.record({
      instanceKey: fc.constantFrom("a", "b"),
      // Whole hours and half hours, so that points share periods and even instants.
      dataAtMs: fc.oneof(fc.nat(200), fc.nat(50_000)).map((halves) => firstMs + halves * 1_800_000),
      isProven: fc.boolean(),
      holds: fc.constantFrom<string[]>([], [], [], ["audit"]),
    }),
    { maxLength: 60 },
  )
  .map((points) => points.map((point, i) => ({ ...point, id: `p${i}` })));

test("decideRetention keeps what it kept, when it is asked again", () => {
  fc.assert(
    fc.property(anyPoints, anyRules, (points, rules) => {
      const kept = new Set(
        decideRetention(points, rules)
          .filter(({ isKept }) => isKept)
          .map(({ id }) => id),
      );
      const again = decideRetention(
        points.filter(({ id }) => kept.has(id)),
        rules,
      );
      expect(again.filter(({ isKept }) => !isKept)).toEqual([]);
    }),
  );
});

test("decideRetention never removes what is held, the latest or the latest proven point of an instance", () => {
  fc.assert(
    fc.property(anyPoints, anyRules, (points, rules) => {
      const verdicts = decideRetention(points, rules);
      const isKept = (point: RetainedPoint | undefined): boolean =>
        point === undefined || verdicts.find(({ id }) => id === point.id)!.isKept;
      for (const point of points) if (point.holds.length > 0) expect(isKept(point)).toBe(true);
      for (const group of Map.groupBy(points, ({ instanceKey }) => instanceKey).values()) {
        const newestAtMs = Math.max(...group.map(({ dataAtMs }) => dataAtMs));
        expect(group.some((point) => point.dataAtMs === newestAtMs && isKept(point))).toBe(true);
        const proven = group.filter((point) => point.isProven);
        const provenAtMs = Math.max(...proven.map(({ dataAtMs }) => dataAtMs));
        expect(proven.length === 0 || proven.some((point) => point.dataAtMs === provenAtMs && isKept(point))).toBe(
          true,
        );
      }
    }),
  );
});

test("decideRetention keeps one point of each of the newest periods, as a model that looks period by period says", () => {
  fc.assert(
    fc.property(anyPoints, anyRules, (points, rules) => {
      const verdicts = decideRetention(points, rules);
      const calendar = createCalendar(rules.timeZone);
      for (const [instanceKey, group] of Map.groupBy(points, (point) => point.instanceKey)) {
        for (const kind of periodKinds) {
          const newestOf = new Map<string, number>();
          for (const { dataAtMs } of group) {
            const period = calendar(dataAtMs)[kind];
            newestOf.set(period, Math.max(newestOf.get(period) ?? 0, dataAtMs));
          }
          const wanted = [...newestOf.values()].toSorted((a, b) => b - a).slice(0, rules[kind] ?? 0);
          const found = verdicts.filter(
            (verdict) => verdict.instanceKey === instanceKey && verdict.reasons.some((reason) => reason.kind === kind),
          );
          expect(found.map(({ dataAtMs }) => dataAtMs).toSorted((a, b) => b - a)).toEqual(wanted);
        }
      }
    }),
  );
});

test("decideRetention does not depend on the order of the points", () => {
  fc.assert(
    fc.property(anyPoints, anyRules, (points, rules) => {
      const sorted = (verdicts: ReturnType<typeof decideRetention>) =>
        verdicts.toSorted((a, b) => (a.id < b.id ? -1 : 1));
      expect(sorted(decideRetention(points.toReversed(), rules))).toEqual(sorted(decideRetention(points, rules)));
    }),
  );
});
