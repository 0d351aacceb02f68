import type { Clock } from "@holdfast/kernel";
import type { Stamp } from "../ports/stamp.ts";
import { fakeDisks } from "./fake-disks.ts";
import { fakeMachines } from "./fake-machines.ts";
import { fakeSnapshots } from "./fake-snapshots.ts";
import { FakeStampObjects } from "./fake-stamp-objects.ts";

/** A stamp in memory, and all that exists on it. */
export interface FakeStamp extends FakeStampObjects, Stamp {
  readonly name: string;
}

export function createFakeStamp(name: string, clock: Clock): FakeStamp {
  const objects = new FakeStampObjects(name, clock);
  return Object.assign(
    objects,
    fakeFacts(objects),
    fakeGroups(objects),
    fakeSnapshots(objects),
    fakeDisks(objects),
    fakeMachines(objects),
  );
}

function fakeFacts(
  objects: FakeStampObjects,
): Pick<Stamp, "describe" | "takeInventory" | "listUsages" | "listVmSizes"> {
  const { name, location, subscriptionId } = objects;
  return {
    describe: async () => ({
      armEndpoint: `https://management.${name}.example`,
      location,
      subscriptionId,
      identityProvider: "AD FS",
      clockSkewMs: 0,
      storageSuffix: `${name}.example`,
      apiVersions: { "Microsoft.Compute/disks": ["2019-07-01"] },
    }),
    takeInventory: async () => ({
      stampName: name,
      subscriptionId,
      location,
      takenAtMs: objects.clock.now(),
      vms: [...objects.vms.values()],
      availabilitySets: [],
      scaleSets: [],
      loadBalancers: [],
    }),
    listUsages: async () => objects.usages,
    listVmSizes: async () => objects.sizes,
  };
}

function fakeGroups(objects: FakeStampObjects): Pick<Stamp, "ensureResourceGroup" | "deleteResourceGroup" | "exists"> {
  const { groups } = objects;
  return {
    async ensureResourceGroup(group, tags) {
      const key = `/subscriptions/${objects.subscriptionId}/resourceGroups/${group}`.toLowerCase();
      if (!groups.has(key)) groups.set(key, tags);
    },
    async deleteResourceGroup(groupId, tag) {
      const key = groupId.toLowerCase();
      const { disks, snapshots, vms, nics, accounts } = objects;
      const inside = [disks, snapshots, vms, nics, accounts].flatMap((held) => [...held.keys()]);
      const isEmpty = !inside.some((id) => id.startsWith(`${key}/`));
      if (isEmpty && groups.get(key)?.[tag.name] === tag.value) groups.delete(key);
    },
    async exists(resourceId) {
      const key = resourceId.toLowerCase();
      const { vms, disks, snapshots, nics, subnetIds, accounts } = objects;
      return [vms, disks, snapshots, nics, subnetIds, accounts].some((held) => held.has(key));
    },
  };
}
