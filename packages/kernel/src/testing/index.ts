/** Fakes of the kernel's ports, and the fault set that every fault test declares its faults in. */
export { FakeClock, SkippingClock } from "./fake-clock.ts";
export { SeededRandom } from "./seeded-random.ts";
export { FaultSet, withFaults } from "./fault-set.ts";
export type { Fault } from "./fault-set.ts";
