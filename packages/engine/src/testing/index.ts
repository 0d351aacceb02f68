/** Fakes of the engine's ports. Exported for the tests of other rooms. */
export { FakePointStore } from "./fake-point-store.ts";
export { FakeRecords } from "./fake-records.ts";
export { createFakeStamp } from "./fake-stamp.ts";
export type { FakeStamp } from "./fake-stamp.ts";
export type { FakeStampAbilities } from "./fake-stamp-objects.ts";
export { killAtEachCall, listTagged } from "./kill-at-each-call.ts";
export { Mortal } from "./mortal.ts";
export { createWorld, digestLiveDisks, digestPoint, testDiskBytes, writePages } from "./world.ts";
export type { World } from "./world.ts";
export { PageImage, fakePageBytes } from "./page-image.ts";
