import { type ArmCall, ArmError, type ArmReply, type ResourceType, type StampServices } from "../arm/provider.ts";
import type { ArmResource } from "../arm/resource.ts";
import { machineVersions } from "./api-versions.ts";
import { beginOperation } from "./begin-operation.ts";
import { notAllowed, notFound } from "./compute-errors.ts";
import type { ComputeDeps } from "./compute-deps.ts";
import { diskQuota } from "./compute-usage.ts";
import { isDeallocated } from "./disk-state.ts";
import { isUnready } from "./disks.ts";
import { asObject, onlyKnown, tagsAt } from "./request-fields.ts";
import { requireStartable } from "./vm-body-control.ts";
import { instanceView, presentVm } from "./vm-instance-view.ts";
import { readVmRequest, type VmRequest } from "./vm-request.ts";
import { findVmSize } from "./vm-sizes.ts";

export const vmType = "Microsoft.Compute/virtualMachines";

/** A VM of this id or the platform's 404. */
export function requireVm(call: ArmCall, stamp: StampServices): ArmResource {
  const vm = stamp.resources.get(call.id);
  if (vm === undefined) throw notFound(vmType, call.name ?? "", call.resourceGroup);
  return vm;
}

function requireVmQuota(
  call: ArmCall,
  request: VmRequest,
  present: ArmResource | undefined,
  stamp: StampServices,
): void {
  const before = (present?.properties["hardwareProfile"] as { vmSize: string } | undefined)?.vmSize;
  const adding: Record<string, number> = {
    cores: Math.max(0, request.size.numberOfCores - (findVmSize(before)?.numberOfCores ?? 0)),
    virtualMachines: present === undefined ? 1 : 0,
  };
  for (const disk of request.newDisks) {
    const sizes = diskQuota(disk.sku?.["name"] as string, disk.properties["diskSizeGB"] as number);
    for (const [name, amount] of Object.entries(sizes)) adding[name] = (adding[name] ?? 0) + amount;
  }
  stamp.requireQuota(call.subscriptionId, adding);
}

async function putVm(call: ArmCall, deps: ComputeDeps, stamp: StampServices): Promise<ArmReply> {
  const present = stamp.resources.get(call.id);
  if (present?.properties["provisioningState"] === "Deleting") {
    throw notAllowed(`VM ${present.name} is being deleted.`);
  }
  const request = readVmRequest(call, present, { deps, stamp });
  requireVmQuota(call, request, present, stamp);
  for (const disk of request.newDisks) await stamp.resources.put(disk);
  await stamp.resources.put(request.vm);
  // One whose first operation failed, or was made to fail, has never run: it is made again.
  const isNew = present === undefined || isUnready(present);
  const headers = await beginOperation(
    call,
    { resource: request.vm, kind: "compute.vm.put", args: { isNew } },
    { deps, stamp },
  );
  const { "azure-asyncoperation": address = "", "retry-after": retryAfter = "1" } = headers;
  return {
    status: present === undefined ? 201 : 200,
    headers: { "azure-asyncoperation": address, "retry-after": retryAfter },
    body: presentVm(request.vm, { deps, stamp }),
  };
}

/** PATCH changes tags, and what a PUT may change: its body is laid over the VM as it is. */
async function patchVm(call: ArmCall, deps: ComputeDeps, stamp: StampServices): Promise<ArmReply> {
  const vm = requireVm(call, stamp);
  const body = asObject(call.body, "vm");
  onlyKnown(body, ["tags", "properties", "plan", "id", "name", "type", "location"], "VirtualMachineUpdate", "");
  if (body["properties"] === undefined) {
    const tags = tagsAt(body);
    const changed = tags === undefined ? vm : { ...vm, tags };
    await stamp.resources.put(changed);
    return { status: 200, body: presentVm(changed, { deps, stamp }) };
  }
  return putVm({ ...call, body: { ...body, location: stamp.location } }, deps, stamp);
}

type Act = (call: ArmCall, stamp: StampServices) => Promise<ArmReply>;

function onlyBy(method: string, act: Act): Act {
  return async (call, stamp) => {
    if (call.method === method) return act(call, stamp);
    throw new ArmError(405, "MethodNotAllowed", `The method '${call.method}' is not allowed on this address.`);
  };
}

function powerAction(kind: string, deps: ComputeDeps): Act {
  return onlyBy("POST", async (call, stamp) => {
    const vm = requireVm(call, stamp);
    if (vm.properties["provisioningState"] === "Deleting") throw notAllowed(`VM ${vm.name} is being deleted.`);
    const isStart = kind === "start" || kind === "restart" || kind === "redeploy";
    if (isStart) requireStartable(vm, deps, stamp);
    if ((kind === "restart" || kind === "redeploy") && isDeallocated(vm)) {
      throw notAllowed(`The VM ${vm.name} is deallocated: start it first.`);
    }
    return {
      status: 202,
      headers: await beginOperation(call, { resource: vm, kind: `compute.vm.${kind}` }, { deps, stamp }),
    };
  });
}

function generalizeAction(): Act {
  return onlyBy("POST", async (call, stamp) => {
    const vm = requireVm(call, stamp);
    if (vm.hidden?.["power"] === "running") throw notAllowed(`VM ${vm.name} must be stopped before it is generalized.`);
    await stamp.resources.put({ ...vm, hidden: { ...vm.hidden, isGeneralized: true } });
    return { status: 200 };
  });
}

async function deleteVm(call: ArmCall, deps: ComputeDeps, stamp: StampServices): Promise<ArmReply> {
  const vm = stamp.resources.get(call.id);
  if (vm === undefined) return { status: 204 };
  const going = { ...vm, properties: { ...vm.properties, provisioningState: "Deleting" } };
  await stamp.resources.put(going);
  return {
    status: 202,
    headers: await beginOperation(call, { resource: going, kind: "compute.vm.delete" }, { deps, stamp }),
  };
}

export function virtualMachinesType(deps: ComputeDeps): ResourceType {
  const list: NonNullable<ResourceType["list"]> = async (call, stamp) => {
    const withView = call.query.get("statusOnly") === "true";
    const all = stamp.resources.list(vmType, call.id);
    return all.map((vm) => presentVm(vm, { deps, stamp }, withView));
  };
  return {
    type: vmType,
    apiVersions: machineVersions(deps.build),
    get: async (call, stamp) => {
      const withView = call.query.get("$expand")?.toLowerCase() === "instanceview";
      return { status: 200, body: presentVm(requireVm(call, stamp), { deps, stamp }, withView) };
    },
    list,
    put: (call, stamp) => putVm(call, deps, stamp),
    patch: (call, stamp) => patchVm(call, deps, stamp),
    delete: (call, stamp) => deleteVm(call, deps, stamp),
    actions: {
      start: powerAction("start", deps),
      powerOff: powerAction("powerOff", deps),
      deallocate: powerAction("deallocate", deps),
      restart: powerAction("restart", deps),
      redeploy: powerAction("redeploy", deps),
      generalize: generalizeAction(),
      instanceView: onlyBy("GET", async (call, stamp) => ({
        status: 200,
        body: instanceView(requireVm(call, stamp), deps, stamp),
      })),
    },
  };
}
