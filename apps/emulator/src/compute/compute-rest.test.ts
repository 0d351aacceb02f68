import { expect, test } from "vitest";
import { type ComputeStamp, startComputeStamp } from "./testing/compute-stamp.ts";

const located = (properties: object) => ({ location: "east", properties });

async function putSet(stamp: ComputeStamp, faultDomains: number): Promise<string> {
  const properties = { platformFaultDomainCount: faultDomains, platformUpdateDomainCount: 5 };
  return stamp.done("PUT", "availabilitySets/as1", { ...located(properties), sku: { name: "Aligned" } });
}

async function putMember(stamp: ComputeStamp, name: string): Promise<string> {
  await stamp.disk(`${name}-os`);
  const body = await stamp.vmBody(name, `${name}-os`);
  body.properties.availabilitySet = { id: `${stamp.group}/providers/Microsoft.Compute/availabilitySets/as1` };
  return stamp.done("PUT", `virtualMachines/${name}`, body);
}

test("members of an availability set are spread over its fault domains and keep it alive", async () => {
  await using stamp = await startComputeStamp();
  expect(await putSet(stamp, 4)).toBe("400 InvalidParameter");
  expect(await putSet(stamp, 3)).toBe("200");
  for (const name of ["a", "b", "c"]) expect(await putMember(stamp, name)).toBe("Succeeded");
  const domains = await Promise.all(
    ["a", "b", "c"].map(async (name) => {
      return (await stamp.arm("GET", `virtualMachines/${name}/instanceView`)).body.platformFaultDomain;
    }),
  );
  expect(domains.toSorted((a, b) => a - b)).toEqual([0, 1, 2]);
  expect((await stamp.arm("GET", "availabilitySets/as1")).body.properties.virtualMachines).toHaveLength(3);
  expect(await stamp.done("DELETE", "availabilitySets/as1")).toBe("409 OperationNotAllowed");
});

test("a set of three fault domains cannot be placed on two nodes", async () => {
  await using stamp = await startComputeStamp({ settings: { nodes: 2 } });
  await putSet(stamp, 3);
  expect(await putMember(stamp, "a")).toBe("Failed FabricVmPlacementErrorUnsupportedFaultDomainSize");
  const { body } = await stamp.arm("GET", "virtualMachines/a?$expand=instanceView");
  expect(body.properties.provisioningState).toBe("Failed");
  expect(body.properties.instanceView.statuses.at(-1).code).toBe("PowerState/deallocated");
});

test("an image of a generalized VM makes a VM with the same disk content", async () => {
  await using stamp = await startComputeStamp();
  await stamp.disk("os", 4, { osType: "Linux" });
  const volume = stamp.pages.open(stamp.pages.ids[0] ?? "");
  await volume?.write(0, Buffer.alloc(512, 9));
  await stamp.done("PUT", "virtualMachines/vm1", await stamp.vmBody("vm1", "os"));
  const id = `${stamp.group}/providers/Microsoft.Compute`;
  const image = located({ sourceVirtualMachine: { id: `${id}/virtualMachines/vm1` } });
  expect(await stamp.done("PUT", "images/i1", image)).toBe("409 OperationNotAllowed");
  await stamp.done("POST", "virtualMachines/vm1/deallocate");
  expect(await stamp.done("POST", "virtualMachines/vm1/generalize")).toBe("200");
  expect(await stamp.done("PUT", "images/i1", image)).toBe("Succeeded");

  const body = await stamp.vmBody("vm2", "os");
  body.properties.storageProfile = {
    imageReference: { id: `${id}/images/i1` },
    osDisk: { name: "os2", createOption: "FromImage" },
  };
  expect(await stamp.done("PUT", "virtualMachines/vm2", body)).toBe("400 InvalidParameter");
  body.properties.osProfile = { computerName: "vm2", adminUsername: "me", adminPassword: "not shown" };
  expect(await stamp.done("PUT", "virtualMachines/vm2", body)).toBe("Succeeded");
  const { body: vm } = await stamp.arm("GET", "virtualMachines/vm2");
  expect(vm.properties.osProfile).toEqual({ computerName: "vm2", adminUsername: "me" });
  expect(vm.properties.storageProfile.osDisk).toMatchObject({ osType: "Linux", name: "os2" });
  const page = Buffer.alloc(512);
  await stamp.pages.open(stamp.pages.ids.at(-1) ?? "")?.read(0, page);
  expect(page).toEqual(Buffer.alloc(512, 9));
  const left = stamp.pages.ids.length;
  expect(await stamp.done("DELETE", "images/i1")).toBe("Succeeded");
  expect(stamp.pages.ids).toHaveLength(left - 1);
});

test("extensions are listed on their VM without their secrets, and go with it", async () => {
  await using stamp = await startComputeStamp();
  await stamp.disk("os");
  await stamp.done("PUT", "virtualMachines/vm1", await stamp.vmBody("vm1", "os"));
  const script = { publisher: "Microsoft.Azure.Extensions", type: "CustomScript", typeHandlerVersion: "2.0" };
  const path = "virtualMachines/vm1/extensions/script";
  const body = located({ ...script, settings: { a: 1 }, protectedSettings: { key: "secret" } });
  expect(await stamp.done("PUT", path, body)).toBe("Succeeded");
  expect((await stamp.arm("GET", path)).body.properties).toEqual({
    ...script,
    settings: { a: 1 },
    provisioningState: "Succeeded",
  });
  expect((await stamp.arm("GET", "virtualMachines/vm1/extensions")).body.value).toHaveLength(1);
  expect((await stamp.arm("GET", "virtualMachines/vm1")).body.resources).toHaveLength(1);
  await stamp.done("DELETE", "virtualMachines/vm1");
  expect((await stamp.arm("GET", path)).status).toBe(404);
});

test("a scale set lists its inert instances and counts their cores", async () => {
  await using stamp = await startComputeStamp({ quotas: { cores: 10 } });
  const body = (capacity: number) => ({ ...located({}), sku: { name: "Standard_A2_v2", capacity } });
  expect(await stamp.done("PUT", "virtualMachineScaleSets/ss1", body(6))).toMatch(/^409/);
  expect(await stamp.done("PUT", "virtualMachineScaleSets/ss1", body(3))).toBe("Succeeded");
  expect((await stamp.arm("GET", "virtualMachineScaleSets/ss1/virtualMachines")).body.value).toHaveLength(3);
  expect(await stamp.done("DELETE", "virtualMachineScaleSets/ss1")).toBe("Succeeded");
});

test("a location tells its sizes and usages", async () => {
  await using stamp = await startComputeStamp({ quotas: { StandardDiskSizeInGB: 77 } });
  await stamp.disk("d1", 6);
  const location = `${stamp.subscription}/providers/Microsoft.Compute/locations/east`;
  const { body: usages } = await stamp.arm("GET", `${location}/usages`);
  expect(usages.value).toContainEqual({
    unit: "Count",
    currentValue: 6,
    limit: 77,
    name: { value: "StandardDiskSizeInGB", localizedValue: "Standard Managed Disk Size In GB" },
  });
  expect((await stamp.arm("GET", `${location}/vmSizes`)).body.value.length).toBeGreaterThan(10);
});
