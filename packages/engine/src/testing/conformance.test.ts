import { FakeClock } from "@holdfast/kernel/testing";
import { describePointStore, describeRecords } from "./conformance.ts";
import { FakePointStore } from "./fake-point-store.ts";
import { FakeRecords } from "./fake-records.ts";

describeRecords(async () => new FakeRecords(new FakeClock()));
describePointStore(async () => new FakePointStore());
