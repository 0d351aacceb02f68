import { ArmError, type ArmCall, type StampServices } from "../arm/provider.ts";
import type { ArmResource } from "../arm/resource.ts";
import { badParameter, badReference, notAllowed } from "./compute-errors.ts";
import type { ComputeDeps } from "./compute-deps.ts";
import { isDeallocated, managedDiskIds } from "./disk-state.ts";
import {
  asObject,
  type Fields,
  listAt,
  objectAt,
  onlyKnown,
  requireLocation,
  requireName,
  sameId,
  stringAt,
  tagsAt,
} from "./request-fields.ts";
import { nicUser } from "./vm-nics.ts";
import { findVmSize, type VmSize } from "./vm-sizes.ts";
import { readVmStorage } from "./vm-storage.ts";

/** A checked PUT: the VM as it will be kept, its size, and the disks to make for it. */
export interface VmRequest {
  readonly vm: ArmResource;
  readonly size: VmSize;
  readonly newDisks: readonly ArmResource[];
}

const topLevel = ["id", "name", "type", "location", "tags", "plan", "properties", "resources", "etag"];
const known = [
  "hardwareProfile",
  "storageProfile",
  "osProfile",
  "networkProfile",
  "diagnosticsProfile",
  "availabilitySet",
  "licenseType",
  "provisioningState",
  "vmId",
  "instanceView",
  "extensionsTimeBudget",
  "additionalCapabilities",
];

function readSize(properties: Fields, present: ArmResource | undefined): VmSize {
  const kept = (present?.properties["hardwareProfile"] ?? {}) as Fields;
  const asked = stringAt(objectAt(properties, "hardwareProfile"), "vmSize") ?? (kept["vmSize"] as string | undefined);
  const size = findVmSize(asked);
  if (size === undefined) {
    throw badParameter(
      `The value ${asked ?? ""} provided for the VM size is not valid. The valid sizes in the current region are listed by vmSizes.`,
    );
  }
  if (present !== undefined && size.name !== kept["vmSize"] && !isDeallocated(present)) {
    throw notAllowed(
      `Unable to resize the VM ${present.name} to ${size.name} while it is allocated: deallocate it first.`,
    );
  }
  return size;
}

/** Checks that each NIC is there, in the region and free, and that exactly one is the primary one. */
function readNics(call: ArmCall, properties: Fields, present: ArmResource | undefined, stamp: StampServices): Fields {
  if (properties["networkProfile"] === undefined && present !== undefined) {
    return present.properties["networkProfile"] as Fields;
  }
  const nics = listAt(objectAt(properties, "networkProfile"), "networkInterfaces");
  if (nics.length === 0)
    throw badParameter("Required parameter 'networkProfile.networkInterfaces' is missing or empty.");
  const primary = nics.filter((nic) => objectAt(nic, "properties")["primary"] === true);
  if (nics.length > 1 && primary.length !== 1) {
    throw new ArmError(
      400,
      "VirtualMachineMustHaveOneNetworkInterfaceAsPrimary",
      `Virtual machine ${call.name} must have one network interface set as the primary.`,
    );
  }
  return {
    networkInterfaces: nics.map((nic) => {
      const id = stringAt(nic, "id") ?? "";
      const found = stamp.resources.get(id);
      if (found?.type.toLowerCase() !== "microsoft.network/networkinterfaces") throw badReference(id, call.id);
      const user = nicUser(found.id, stamp)?.id;
      if (user !== undefined && !sameId(user, call.id)) {
        throw new ArmError(400, "NicInUse", `Network Interface ${found.id} is used by existing resource ${user}.`);
      }
      const isPrimary = nics.length === 1 || primary[0] === nic;
      return { id: found.id, properties: { primary: isPrimary } };
    }),
  };
}

function readAvailabilitySet(
  call: ArmCall,
  properties: Fields,
  present: ArmResource | undefined,
  stamp: StampServices,
): Fields | undefined {
  const kept = present?.properties["availabilitySet"] as Fields | undefined;
  const id = stringAt(objectAt(properties, "availabilitySet"), "id");
  if (id === undefined) return kept;
  const set = stamp.resources.get(id);
  if (set?.type.toLowerCase() !== "microsoft.compute/availabilitysets") throw badReference(id, call.id);
  if (present !== undefined && !sameId(kept?.["id"], id)) {
    throw new ArmError(409, "PropertyChangeNotAllowed", "Changing property 'availabilitySet.id' is not allowed.");
  }
  if (id.split("/")[4]?.toLowerCase() !== call.resourceGroup?.toLowerCase()) {
    throw badParameter("The availability set must be in the same resource group as the virtual machine.");
  }
  return { id: set.id };
}

function requireSwapAllowed(present: ArmResource | undefined, profile: Fields): void {
  if (present === undefined || isDeallocated(present)) return;
  const osOf = (storage: Fields): string => {
    const { managedDisk, vhd } = storage["osDisk"] as { managedDisk?: { id: string }; vhd?: { uri: string } };
    return (managedDisk?.id ?? vhd?.uri ?? "").toLowerCase();
  };
  if (osOf(present.properties["storageProfile"] as Fields) === osOf(profile)) return;
  throw notAllowed(`The OS disk of VM ${present.name} cannot be changed while it is allocated: deallocate it first.`);
}

function readOsProfile(properties: Fields, profile: Fields, present: ArmResource | undefined): Fields | undefined {
  const asked =
    properties["osProfile"] === undefined || properties["osProfile"] === null
      ? undefined
      : objectAt(properties, "osProfile");
  if (present !== undefined) return present.properties["osProfile"] as Fields | undefined;
  const isAttached = (profile["osDisk"] as Fields)["createOption"] === "Attach";
  if (isAttached && asked !== undefined) throw badParameter("Parameter 'osProfile' is not allowed.");
  if (!isAttached && asked === undefined) throw badParameter("Required parameter 'osProfile' is missing (null).");
  // Passwords and custom data never come back out.
  const { adminPassword: _password, customData: _custom, ...shown } = asked ?? {};
  return asked === undefined ? undefined : shown;
}

/** Reads and checks a whole PUT of a VM. Throws ArmError for whatever the platform would refuse at once. */
export function readVmRequest(
  call: ArmCall,
  present: ArmResource | undefined,
  rooms: { readonly deps: ComputeDeps; readonly stamp: StampServices },
): VmRequest {
  const { stamp } = rooms;
  const body = asObject(call.body, "vm");
  onlyKnown(body, topLevel, "VirtualMachine", "");
  const name = present?.name ?? requireName(call.name, "virtual machine", 64);
  const location = requireLocation(body, stamp);
  const properties = objectAt(body, "properties");
  onlyKnown(properties, known, "VirtualMachineProperties", "properties");
  const size = readSize(properties, present);
  const { profile, newDisks } = readVmStorage(call, objectAt(properties, "storageProfile"), present, rooms);
  requireSwapAllowed(present, profile);
  const dataDisks = profile["dataDisks"] as Fields[];
  if (dataDisks.length > size.maxDataDiskCount) {
    throw notAllowed(
      `The maximum number of data disks allowed to be attached to a VM of this size is ${size.maxDataDiskCount}.`,
    );
  }
  const osProfile = readOsProfile(properties, profile, present);
  const availabilitySet = readAvailabilitySet(call, properties, present, stamp);
  const diagnostics = properties["diagnosticsProfile"] ?? present?.properties["diagnosticsProfile"];
  const licenseType = stringAt(properties, "licenseType") ?? present?.properties["licenseType"];
  const plan = body["plan"] ?? present?.plan;
  const vm: ArmResource = {
    id: call.id,
    name,
    type: "Microsoft.Compute/virtualMachines",
    location,
    tags: tagsAt(body) ?? present?.tags ?? {},
    ...(plan === undefined || plan === null ? {} : { plan: plan as Record<string, unknown> }),
    properties: {
      vmId: present?.properties["vmId"] ?? stamp.uuid(),
      hardwareProfile: { vmSize: size.name },
      storageProfile: profile,
      ...(osProfile === undefined ? {} : { osProfile }),
      networkProfile: readNics(call, properties, present, stamp),
      ...(diagnostics === undefined || diagnostics === null ? {} : { diagnosticsProfile: diagnostics }),
      ...(availabilitySet === undefined ? {} : { availabilitySet }),
      ...(licenseType === undefined ? {} : { licenseType }),
      provisioningState: present === undefined ? "Creating" : "Updating",
    },
    hidden: present?.hidden ?? { power: "deallocated" },
  };
  const ids = managedDiskIds(vm).map((id) => id.toLowerCase());
  if (new Set(ids).size !== ids.length) throw badParameter("A managed disk is named more than once.");
  return { vm, size, newDisks };
}
