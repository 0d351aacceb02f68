import { GiB } from "@holdfast/kernel";
import { expect, test } from "vitest";
import type { Figure } from "../evidence/figure.ts";
import type { Provenance } from "../inventory/capability.ts";
import { documentedDiskCap, documentedLink } from "./links.ts";
import { predictLoss } from "./predict-loss.ts";
import { predictRecovery } from "./predict-recovery.ts";

const hourMs = 3_600_000;
const known = (value: number, provenance: Provenance = "measured"): Figure => ({ value, provenance, source: "a test" });
const rates = {
  captureRate: known(200_000_000),
  restoreRate: known(200_000_000),
  diskCap: documentedDiskCap,
  slots: known(4),
  link: null,
  storedRatio: known(0.5),
};
const disk = (role: "os" | "data", sizeBytes: number) => ({ name: role, role, allocatedBytes: known(sizeBytes) });
const vm = (...disks: ReturnType<typeof disk>[]) => ({ vmKey: "vm", disks, changedBytesPerSecond: known(2_000_000) });
const fixedPhases = [
  { name: "detect and decide", durationMs: known(0.25 * hourMs) },
  { name: "make the VM and boot", durationMs: known(0.25 * hourMs) },
];
const recovery = { vms: [vm(disk("os", 20 * GiB), disk("data", 1023 * GiB))], rates, fixedPhases, redeployMs: null };

test("a full disk takes two hours at the cap of the platform, which warns and does not refuse", () => {
  const found = predictRecovery({ ...recovery, rtoMs: 2.2 * hourMs });
  expect(found).toMatchObject({ severity: "warns", boundBy: "restore", predictedMs: { provenance: "documented" } });
  expect(found.predictedMs.value / hourMs).toBeCloseTo(2.6, 1);
});

test("an RTO of an hour is refused by what was measured, and says what would make it so", () => {
  const found = predictRecovery({ ...recovery, rtoMs: hourMs });
  expect(found.severity).toBe("blocks");
  expect(found.remedies).toEqual([
    "replicate: a failover moves no data, and takes 30 min 00 s",
    "disks of at most 243 GiB of data each; the largest holds 1023 GiB",
  ]);
});

test("a database of a small data disk is redeployed and restored", () => {
  const vms = [vm(disk("os", 1000 * GiB), disk("data", 20 * GiB))];
  const found = predictRecovery({ ...recovery, vms, rtoMs: hourMs, redeployMs: known(0.25 * hourMs) });
  expect(found.remedies[1]).toMatch(/^redeploy from a template and restore only the data disks: 47 min/);
});

test("where the phases without data are too long, no restore helps", () => {
  const found = predictRecovery({ ...recovery, rtoMs: 0.4 * hourMs });
  expect(found.remedies).toEqual([
    expect.stringMatching(/^high availability, or shorter phases: .* takes 30 min 00 s/),
  ]);
});

test("slots and the link bound many disks", () => {
  const vms = Array.from({ length: 16 }, () => vm(disk("os", 100 * GiB)));
  const linked = { ...rates, link: documentedLink("vpn-high-performance") };
  const found = predictRecovery({ ...recovery, vms, rates: linked, rtoMs: hourMs });
  expect(found.remedies.slice(1)).toEqual([
    "5 restores at once",
    "a link of 455 MiB/s, or a copy of the points on the target's side of it",
  ]);
});

const loss = { vms: [vm(disk("os", GiB))], rates, windowMs: null, publishMs: known(60_000) };

test.each([
  ["vpn-basic", 12_500_000],
  ["vpn-standard", 12_500_000],
  ["vpn-high-performance", 25_000_000],
] as const)("%s carries at most %i bytes per second, as documented", (kind, value) => {
  expect(documentedLink(kind)).toMatchObject({ value, provenance: "documented" });
});

test("the worst loss is interval, capture, transfer and publish", () => {
  const linked = { ...rates, link: documentedLink("vpn-standard") };
  const found = predictLoss({ ...loss, rates: linked, intervalMs: hourMs, rpoMs: 2 * hourMs });
  const terms = found.terms.map(({ name, boundsMs }) => [name, Math.round(boundsMs[0]?.value ?? 0)]);
  expect(terms).toEqual([
    ["interval", hourMs],
    ["capture", 36_000],
    ["transfer", 288_000],
    ["publish", 60_000],
  ]);
  expect(found).toMatchObject({ severity: null, remedies: [], predictedMs: { provenance: "documented" } });
});

test("an hourly policy does not reach an RPO of an hour, and a shorter interval does", () => {
  const found = predictLoss({ ...loss, intervalMs: hourMs, rpoMs: hourMs });
  expect(found.severity).toBe("blocks");
  expect(found.remedies).toEqual([expect.stringMatching(/^a capture every 58 min/)]);
});

test("a night window does not reach an RPO of a day's part", () => {
  const found = predictLoss({ ...loss, intervalMs: hourMs, rpoMs: 4 * hourMs, windowMs: 8 * hourMs });
  expect(found.remedies[0]).toMatch(/^captures at all hours/);
});

test("a window shorter than its work is told, with one that is long enough", () => {
  const vms = [{ ...vm(disk("os", GiB)), changedBytesPerSecond: known(20_000_000) }];
  const found = predictLoss({ ...loss, vms, intervalMs: hourMs, rpoMs: 48 * hourMs, windowMs: hourMs });
  expect(found).toMatchObject({ severity: "blocks", isNeverDone: true });
  expect(found.remedies[0]).toBe("a window of 2 h 24 min a day or longer");
});

test("more change than the link carries is never done; the link that would carry it is named", () => {
  const vms = [{ ...vm(disk("os", GiB)), changedBytesPerSecond: known(40_000_000) }];
  const linked = { ...rates, link: known(12_500_000, "documented") };
  const found = predictLoss({ ...loss, vms, rates: linked, intervalMs: 60_000, rpoMs: 4 * hourMs });
  expect(found).toMatchObject({ severity: "warns", isNeverDone: true, longestIntervalMs: null });
  expect(found.remedies[0]).toBe("a link of 24.1 MiB/s");
  const wider = { ...rates, link: known(24.2 * 1024 ** 2) };
  expect(
    predictLoss({ ...loss, vms, rates: wider, intervalMs: 60_000, rpoMs: 4 * hourMs }).longestIntervalMs,
  ).not.toBeNull();
});

test.each([
  [0.45, true],
  [0.55, false],
])("with %s h to publish an RPO of an hour has an interval: %s", (publishHours, hasInterval) => {
  // A capture is not begun before the one before it has ended.
  const found = predictLoss({ ...loss, publishMs: known(publishHours * hourMs), intervalMs: hourMs, rpoMs: hourMs });
  expect(found.longestIntervalMs !== null).toBe(hasInterval);
});
