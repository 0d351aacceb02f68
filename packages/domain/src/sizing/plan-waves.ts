import { invariant } from "@holdfast/kernel";

/** One VM's first full capture. */
export interface FirstFull {
  readonly vmKey: string;
  /** Allocated bytes: all that the first capture reads. */
  readonly readBytes: number;
  /** 1 is captured first. */
  readonly priority: number;
}

/** What a wave may take. Rates in bytes per second; all above zero. */
export interface WaveLimits {
  readonly slots: number;
  /** Of one capture. */
  readonly captureRate: number;
  /** Of all captures together on the way to the repository; null where it is not narrow. */
  readonly linkRate: number | null;
  /** Bytes sent for each byte read. */
  readonly storedRatio: number;
  /** How long a wave may take, in milliseconds. */
  readonly windowMs: number;
  readonly maxVms: number;
}

/** VMs that are captured for the first time in one window. */
export interface Wave {
  readonly vmKeys: readonly string[];
  readonly readBytes: number;
  readonly durationMs: number;
  /** One VM alone is longer than the window: it runs on into the next ones. */
  readonly isLongerThanWindow: boolean;
}

interface OpenWave {
  readonly vmKeys: string[];
  readonly slotEndsMs: number[];
  readBytes: number;
}

/**
 * Spreads first full captures over windows, so that they never start all at once: by priority, then the largest first, each
 * into the first wave that still has room.
 */
export function planWaves(fulls: readonly FirstFull[], limits: WaveLimits): readonly Wave[] {
  const { slots, captureRate, windowMs, maxVms } = limits;
  invariant(slots >= 1 && captureRate > 0 && windowMs > 0 && maxVms >= 1, "a wave can take something");
  const waves: OpenWave[] = [];
  let firstOpen = 0;
  const ordered = fulls.toSorted((a, b) => a.priority - b.priority || b.readBytes - a.readBytes);
  for (const full of ordered) {
    while ((waves[firstOpen]?.vmKeys.length ?? 0) >= maxVms) firstOpen += 1;
    const fitting = waves.slice(firstOpen).find((wave) => wave.vmKeys.length < maxVms && fits(wave, full, limits));
    const wave = fitting ?? { vmKeys: [], slotEndsMs: Array.from({ length: slots }, () => 0), readBytes: 0 };
    if (fitting === undefined) waves.push(wave);
    const slot = freeSlot(wave);
    wave.slotEndsMs[slot] = (wave.slotEndsMs[slot] ?? 0) + readingMs(full.readBytes, limits);
    wave.vmKeys.push(full.vmKey);
    wave.readBytes += full.readBytes;
  }
  return waves.map((wave) => closeWave(wave, limits));
}

function fits(wave: OpenWave, { readBytes }: FirstFull, limits: WaveLimits): boolean {
  const endMs = (wave.slotEndsMs[freeSlot(wave)] ?? 0) + readingMs(readBytes, limits);
  return endMs <= limits.windowMs && sendingMs(wave.readBytes + readBytes, limits) <= limits.windowMs;
}

function closeWave({ vmKeys, slotEndsMs, readBytes }: OpenWave, limits: WaveLimits): Wave {
  const durationMs = Math.max(...slotEndsMs, sendingMs(readBytes, limits));
  return { vmKeys, readBytes, durationMs, isLongerThanWindow: durationMs > limits.windowMs };
}

function freeSlot({ slotEndsMs }: OpenWave): number {
  return slotEndsMs.indexOf(Math.min(...slotEndsMs));
}

function readingMs(readBytes: number, { captureRate }: WaveLimits): number {
  return (readBytes / captureRate) * 1000;
}

function sendingMs(readBytes: number, { linkRate, storedRatio }: WaveLimits): number {
  return linkRate === null ? 0 : ((readBytes * storedRatio) / linkRate) * 1000;
}
