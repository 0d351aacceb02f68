import { createHash } from "node:crypto";
import { ArmError, type StampServices } from "../../arm/provider.ts";
import { networkInterfaceType } from "./back-references.ts";
import { requireReference, settleEmbedded, without } from "./embedded.ts";
import { asObject, asObjects, asText, given, type JsonObject, refId, refIds } from "./json-shape.ts";
import type { NetworkTypeRules, NetworkWrite } from "./network-type.ts";
import { planPrivateAddresses } from "./private-addresses.ts";

/** Every stamp deals from the same block of addresses, so that two stamps may well give out the same one. */
function macAddress(resourceId: string): string {
  const tail = createHash("sha256").update(resourceId.toLowerCase()).digest("hex").slice(0, 6).toUpperCase();
  return `00-1D-D8-${tail.slice(0, 2)}-${tail.slice(2, 4)}-${tail.slice(4, 6)}`;
}

function requireFreePublicAddress(write: NetworkWrite, id: string | undefined, configurationId: string): void {
  requireReference(write, id);
  const other =
    id === undefined
      ? undefined
      : write.references.configurationsOf(id).find((one) => one.toLowerCase() !== configurationId.toLowerCase());
  if (other === undefined) return;
  throw new ArmError(
    400,
    "PublicIPAddressInUse",
    `Resource ${other} is referencing public IP address ${id} that is already allocated to resource ${configurationId}.`,
  );
}

function settleConfigurations(write: NetworkWrite): readonly JsonObject[] {
  const plan = planPrivateAddresses(write);
  const before = asObjects(write.known?.properties["ipConfigurations"]);
  const items = asObjects(write.properties["ipConfigurations"]);
  if (items.length === 0) {
    throw new ArmError(
      400,
      "NetworkInterfaceMustHaveOneIpConfiguration",
      `Network interface ${write.id} must have one IP configuration.`,
    );
  }
  const isPrimaryGiven = items.some((item) => asObject(item["properties"])["primary"] === true);
  return settleEmbedded(write, "ipConfigurations", items, (properties, item) => {
    const name = String(item["name"]);
    const subnetId = refId(properties["subnet"]);
    if (subnetId === undefined) {
      throw new ArmError(
        400,
        "SubnetRequired",
        `IP configuration ${name} of network interface ${write.id} must have a subnet.`,
      );
    }
    requireReference(write, subnetId);
    requireFreePublicAddress(write, refId(properties["publicIPAddress"]), `${write.id}/ipConfigurations/${name}`);
    for (const id of refIds(properties["loadBalancerBackendAddressPools"])) requireReference(write, id);
    for (const id of refIds(properties["loadBalancerInboundNatRules"])) requireReference(write, id);
    const old = asObject(before.find((one) => one["name"] === name)?.["properties"]);
    const isSameSubnet = refId(old["subnet"])?.toLowerCase() === subnetId.toLowerCase();
    const assigned = plan.assign(subnetId, properties, isSameSubnet ? asText(old["privateIPAddress"]) : undefined);
    const kept = without(properties, "provisioningState", "privateIPAddress", "publicIPAddress", "subnet", "primary");
    return {
      ...kept,
      privateIPAddress: assigned.address,
      privateIPAllocationMethod: assigned.method,
      privateIPAddressVersion: "IPv4",
      subnet: { id: subnetId },
      ...(refId(properties["publicIPAddress"]) === undefined
        ? {}
        : { publicIPAddress: { id: refId(properties["publicIPAddress"]) } }),
      primary: isPrimaryGiven ? properties["primary"] === true : item === items[0],
    };
  });
}

function settle(write: NetworkWrite): JsonObject {
  const { properties } = write;
  if (properties["enableAcceleratedNetworking"] === true) {
    throw new ArmError(
      400,
      "AcceleratedNetworkingNotSupported",
      "Accelerated networking is not supported on this stamp.",
    );
  }
  requireReference(write, refId(properties["networkSecurityGroup"]));
  const dns = asObject(properties["dnsSettings"]);
  const groupId = refId(properties["networkSecurityGroup"]);
  return {
    ipConfigurations: settleConfigurations(write),
    dnsSettings: {
      dnsServers: dns["dnsServers"] ?? [],
      appliedDnsServers: [],
      ...given("internalDnsNameLabel", dns["internalDnsNameLabel"]),
    },
    enableAcceleratedNetworking: false,
    enableIPForwarding: properties["enableIPForwarding"] === true,
    ...(groupId === undefined ? {} : { networkSecurityGroup: { id: groupId } }),
  };
}

export function networkInterfaceRules(apiVersions: readonly string[]): NetworkTypeRules {
  return {
    type: networkInterfaceType,
    apiVersions,
    members: [
      "virtualMachine",
      "networkSecurityGroup",
      "interfaceEndpoint",
      "ipConfigurations",
      "tapConfigurations",
      "dnsSettings",
      "macAddress",
      "primary",
      "enableAcceleratedNetworking",
      "enableIPForwarding",
      "hostedWorkloads",
      "resourceGuid",
      "provisioningState",
    ],
    hasSku: false,
    quota: "NetworkInterfaces",
    settle,
    show: ({ id }, references, stamp) => {
      const vmId = references.vmOfNic(id);
      if (vmId === undefined) return {};
      // An address is dealt when the NIC first belongs to a VM.
      return { virtualMachine: { id: vmId }, macAddress: macAddress(id), primary: isPrimary(stamp, vmId, id) };
    },
    requireUnused: ({ id }, references) => {
      const vmId = references.vmOfNic(id);
      if (vmId === undefined) return;
      throw new ArmError(
        400,
        "NicInUse",
        `Network Interface ${id} is used by existing resource ${vmId}. In order to delete the network interface, it must be dissociated from the resource.`,
      );
    },
  };
}

function isPrimary(stamp: StampServices, vmId: string, nicId: string): boolean {
  const nics = asObjects(asObject(stamp.resources.get(vmId)?.properties["networkProfile"])["networkInterfaces"]);
  const mine = nics.find((nic) => refId(nic)?.toLowerCase() === nicId.toLowerCase());
  return nics.length === 1 || asObject(mine?.["properties"])["primary"] === true;
}
