import { describe, expect, test } from "vitest";
import { admit } from "./admit.ts";
import { decideDue, retryDelayMs } from "./decide-due.ts";
import type { ScheduledVm } from "./decide-due.ts";
import { createOpenTimes } from "./open-times.ts";
import { orderByBreach, startByMs } from "./order-by-breach.ts";
import { alwaysOpen } from "./work-calendar.ts";
import type { Blackout, WorkWindow } from "./work-calendar.ts";

const [minuteMs, hourMs, dayMs] = [60_000, 3_600_000, 86_400_000];
const at = (text: string): number => Date.parse(text);
const show = (spans: readonly { start: number; end: number }[]): string[] =>
  spans.map(({ start, end }) => `${new Date(start).toISOString().slice(5, 16)} ${(end - start) / minuteMs} min`);
const everyDay = [1, 2, 3, 4, 5, 6, 7] as const;
const zagreb = (windows: readonly WorkWindow[], blackouts: readonly Blackout[] = []) =>
  createOpenTimes({ timeZone: "Europe/Zagreb", windows, blackouts });
const vm = (change: Partial<ScheduledVm> = {}): ScheduledVm => ({
  key: "east web1",
  intervalMs: hourMs,
  rpoMs: 4 * hourMs,
  priority: 1,
  expectedMs: 5 * minuteMs,
  enrolledAtMs: at("2026-01-01T00:00Z"),
  newestDataAtMs: null,
  lastStartedAtMs: null,
  failedInARow: 0,
  isRunning: false,
  ...change,
});

describe("createOpenTimes", () => {
  test("a window over midnight opens on its days and closes on the next", () => {
    const open = zagreb([{ days: [5], from: 22 * 60, to: 6 * 60 }]);
    expect(show(open.list(at("2026-06-01T00:00Z"), at("2026-06-14T00:00Z")))).toEqual([
      "06-05T20:00 480 min",
      "06-12T20:00 480 min",
    ]);
  });

  test.each([
    ["begins in the hour that is skipped", 150, 240, ["03-29T01:00 60 min"]],
    ["ends in the hour that is skipped", 60, 150, ["03-29T00:00 60 min"]],
    ["lies in the hour that is skipped", 130, 170, []],
  ])("a window that %s when clocks go forward", (_, from, to, expected) => {
    const open = zagreb([{ days: [7], from, to }]);
    expect(show(open.list(at("2026-03-28T12:00Z"), at("2026-03-29T12:00Z")))).toEqual(expected);
  });

  test("a window covers both hours of one name when clocks go back", () => {
    const open = zagreb([{ days: [7], from: 120, to: 180 }]);
    expect(show(open.list(at("2026-10-24T12:00Z"), at("2026-10-25T12:00Z")))).toEqual(["10-25T00:00 120 min"]);
  });

  test("a blackout cuts windows, and one without end to it closes for ever", () => {
    const freeze = { startMs: at("2026-06-05T21:00Z"), endMs: at("2026-06-05T22:00Z"), why: "the books are closed" };
    const open = zagreb([{ days: [5], from: 22 * 60, to: 6 * 60 }], [freeze]);
    expect(show(open.list(at("2026-06-05T00:00Z"), at("2026-06-07T00:00Z")))).toEqual([
      "06-05T20:00 60 min",
      "06-05T22:00 360 min",
    ]);
    expect(open.around(at("2026-06-05T21:30Z"))).toBeNull();
    const always = createOpenTimes({
      ...alwaysOpen,
      blackouts: [{ startMs: 0, endMs: at("2099-01-01T00:00Z"), why: "retired" }],
    });
    expect(always.next(at("2026-06-01T00:00Z"))).toBeNull();
    expect(decideDue(vm(), always, at("2026-06-01T00:00Z"))).toEqual({ isDue: false, why: "never-open", nextMs: null });
  });

  test("an unknown time zone is refused", () => {
    expect(() => createOpenTimes({ timeZone: "Europe/Atlantis", windows: [], blackouts: [] })).toThrow(RangeError);
  });
});

describe("decideDue", () => {
  const open = createOpenTimes(alwaysOpen);
  const nowMs = at("2026-06-01T12:00Z");

  test("a new VM is due at once, a running one is not", () => {
    expect(decideDue(vm(), open, nowMs)).toMatchObject({ isDue: true, why: "first" });
    expect(decideDue(vm({ isRunning: true }), open, nowMs)).toMatchObject({ isDue: false, why: "running" });
  });

  test("after a week away one capture makes up for all turns", () => {
    const away = vm({ lastStartedAtMs: nowMs - 7 * dayMs });
    const due = decideDue(away, open, nowMs);
    expect(due).toMatchObject({ isDue: true, why: "turn" });
    const next = decideDue({ ...away, lastStartedAtMs: nowMs }, open, nowMs);
    expect(next).toMatchObject({ isDue: false, why: "not-yet" });
    expect(next.isDue ? 0 : next.nextMs).toBeGreaterThan(nowMs);
    expect(next.isDue ? 0 : next.nextMs).toBeLessThanOrEqual(nowMs + hourMs);
  });

  test("a clock that was set back costs one capture, and no pause", () => {
    expect(decideDue(vm({ lastStartedAtMs: nowMs + 300 * dayMs }), open, nowMs)).toMatchObject({
      isDue: true,
      why: "clock-set-back",
    });
  });

  test("a failed capture is tried again after a time that doubles up to the interval", () => {
    expect([1, 2, 3, 4, 5, 60].map((n) => retryDelayMs(n, hourMs) / minuteMs)).toEqual([5, 10, 20, 40, 60, 60]);
    const failed = vm({ lastStartedAtMs: nowMs, failedInARow: 1 });
    expect(decideDue(failed, open, nowMs + 4 * minuteMs)).toMatchObject({ isDue: false, nextMs: nowMs + 5 * minuteMs });
    expect(decideDue(failed, open, nowMs + 5 * minuteMs)).toMatchObject({ isDue: true, why: "retry" });
  });

  test("a turn outside of the window waits for the VM's own place in the next one, and for the one after if that is missed", () => {
    const nights = zagreb([{ days: everyDay, from: 22 * 60, to: 6 * 60 }]);
    const daily = vm({ intervalMs: dayMs, lastStartedAtMs: at("2026-05-31T21:00Z") });
    const noon = decideDue(daily, nights, at("2026-06-01T12:00Z"));
    expect(noon).toMatchObject({ isDue: false });
    const placeMs = noon.isDue ? 0 : noon.nextMs!;
    expect(nights.isOpen(placeMs)).toBe(true);
    expect(decideDue(daily, nights, placeMs - 1)).toMatchObject({ isDue: false, nextMs: placeMs });
    expect(decideDue(daily, nights, placeMs)).toMatchObject({ isDue: true });
    const missed = decideDue(daily, nights, at("2026-06-02T12:00Z"));
    expect(missed).toMatchObject({ isDue: false, nextMs: placeMs + dayMs });
    expect(decideDue(daily, nights, placeMs + dayMs - 1)).toMatchObject({ isDue: false, nextMs: placeMs + dayMs });
    expect(decideDue(daily, nights, placeMs + dayMs)).toMatchObject({ isDue: true });
  });
});

test("whose promise breaks first goes first; priority and name only settle a tie", () => {
  const nowMs = at("2026-06-01T12:00Z");
  const late = vm({ key: "late", newestDataAtMs: nowMs - 3 * hourMs, priority: 9 });
  const fresh = vm({ key: "fresh", newestDataAtMs: nowMs, priority: 1 });
  const slow = vm({ key: "slow", newestDataAtMs: nowMs, expectedMs: 2 * hourMs, priority: 9 });
  const fresh2 = vm({ key: "fresh2", newestDataAtMs: nowMs, priority: 1 });
  const fresh3 = vm({ key: "fresh3", newestDataAtMs: nowMs, priority: 2 });
  expect(orderByBreach([fresh3, fresh2, fresh, slow, late], nowMs).map(({ key }) => key)).toEqual([
    "late",
    "slow",
    "fresh",
    "fresh2",
    "fresh3",
  ]);
  expect(startByMs(late) - nowMs).toBe(55 * minuteMs);
});

test("a broken promise, or one never met, comes before a fresh one at some time of each RPO, and not at all times", () => {
  const startMs = at("2026-06-01T12:00Z");
  const broken = vm({ key: "broken", newestDataAtMs: startMs - 5 * hourMs });
  const unmet = vm({ key: "unmet", enrolledAtMs: startMs - 6 * hourMs });
  for (const late of [broken, unmet]) {
    const firsts = Array.from({ length: 48 }, (_, i) => startMs + i * 5 * minuteMs).map((nowMs) => {
      const fresh = vm({ key: "fresh", newestDataAtMs: nowMs - hourMs });
      return orderByBreach([fresh, late], nowMs)[0]!.key;
    });
    expect(new Set(firsts)).toEqual(new Set(["fresh", late.key]));
  }
});

test("admit never overtakes on a slot that somebody waits for, and lets others by", () => {
  const one = (name: string, ...needs: string[]) => ({ name, needs });
  const wanted = [
    one("a", "east", "vault"),
    one("big", "east", "west"),
    one("b", "west"),
    one("c", "vault"),
    one("d", "north"),
  ];
  const { admitted, waiting } = admit(
    wanted,
    new Map([
      ["east", 1],
      ["west", 1],
      ["vault", 2],
    ]),
  );
  expect(admitted.map(({ name }) => name)).toEqual(["a", "c", "d"]);
  expect(waiting.map(({ one: { name }, forSlot }) => `${name} for ${forSlot}`)).toEqual(["big for east", "b for west"]);
});
