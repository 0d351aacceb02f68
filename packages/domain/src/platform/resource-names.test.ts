import { expect, test } from "vitest";
import {
  armId,
  nameOfArmId,
  problemOfDiskName,
  problemOfStorageAccountName,
  problemOfVmName,
  resourceGroupOfArmId,
} from "./resource-names.ts";
import { stagingAccountName, stagingBlobBytes } from "../restore/restore-plan.ts";

test("an ARM id gives back its parts, whatever the case of its segments", () => {
  const id = armId({ subscriptionId: "s", resourceGroup: "Apps" }, "Microsoft.Compute/disks", "d1");
  expect([nameOfArmId(id), resourceGroupOfArmId(id), resourceGroupOfArmId(id.toLowerCase())]).toEqual([
    "d1",
    "Apps",
    "apps",
  ]);
  expect(resourceGroupOfArmId("/subscriptions/s")).toBeNull();
});

test.each([
  ["web-1_a.b", true],
  ["a", true],
  ["", false],
  ["a-", false],
  ["_a", false],
  ["a b", false],
  ["a".repeat(81), false],
])("disk name '%s' is good: %s", (name, isGood) => expect(problemOfDiskName(name) === null).toBe(isGood));

test.each([
  ["web1", "Linux", true],
  ["a".repeat(64), "Linux", true],
  ["a".repeat(16), "Windows", false],
  ["12345", "Windows", false],
  ["a_b", "Linux", false],
  ["a-", "Linux", false],
] as const)("VM name '%s' on %s is good: %s", (name, os, isGood) =>
  expect(problemOfVmName(name, os) === null).toBe(isGood),
);

test("a staging account's name is good and the same for one place, in any case", () => {
  const name = stagingAccountName({ subscriptionId: "S", resourceGroup: "Apps" });
  expect(problemOfStorageAccountName(name)).toBeNull();
  expect(stagingAccountName({ subscriptionId: "s", resourceGroup: "apps" })).toBe(name);
  expect(stagingAccountName({ subscriptionId: "s", resourceGroup: "other" })).not.toBe(name);
});

test.each([
  [1, 1024 ** 2 + 512],
  [1024 ** 2, 1024 ** 2 + 512],
  [1024 ** 2 + 1, 2 * 1024 ** 2 + 512],
])("a disk of %s bytes is staged in %s", (sizeBytes, blobBytes) => expect(stagingBlobBytes(sizeBytes)).toBe(blobBytes));
