/** The emulator's source of time: UTC epoch milliseconds. Each stamp may run ahead or behind by an injected skew. */
export interface EmulatorClock {
  now(): number;
}

export const systemClock: EmulatorClock = { now: () => Date.now() };
