import { createHash } from "node:crypto";
import { ArmError, type StampServices } from "../../arm/provider.ts";
import { publicAddressType } from "./back-references.ts";
import { formatAddress, parseAddress } from "./ipv4.ts";
import { asObject, asText, given, type JsonObject } from "./json-shape.ts";
import type { NetworkTypeRules, NetworkWrite } from "./network-type.ts";

/** The public addresses of a stamp: few, its own, and gone with it. 198.18.0.0/15 is set aside for tests (RFC 2544). */
function poolStart(stampName: string): number {
  const block = createHash("sha256").update(stampName).digest().readUInt8(0);
  return (parseAddress("198.18.0.0") ?? 0) + block * 256 + 4;
}

function allocate(stamp: StampServices, poolSize: number): string {
  const taken = new Set(stamp.resources.list(publicAddressType, "").map((one) => one.properties["ipAddress"]));
  const start = poolStart(stamp.stampName);
  for (let index = 0; index < poolSize; index += 1) {
    const address = formatAddress(start + index);
    if (!taken.has(address)) return address;
  }
  throw new ArmError(
    400,
    "PublicIPAddressPoolExhausted",
    "The public IP address pool of this stamp has no free address left.",
  );
}

function settle(write: NetworkWrite, poolSize: number): JsonObject {
  const { properties, known, stamp } = write;
  const sku = asText(write.sku?.["name"]) ?? "Basic";
  if (sku !== "Basic") {
    throw new ArmError(
      400,
      "InvalidSku",
      `SKU '${sku}' of public IP addresses is not supported on this stamp. Use Basic.`,
    );
  }
  if ((asText(properties["publicIPAddressVersion"]) ?? "IPv4") !== "IPv4") {
    throw new ArmError(400, "PublicIPAddressVersionNotSupported", "Only IPv4 is supported on this stamp.");
  }
  const method = asText(properties["publicIPAllocationMethod"]) ?? "Dynamic";
  const label = asText(asObject(properties["dnsSettings"])["domainNameLabel"]);
  requireFreeLabel(write, label);
  const isUsed = write.references.configurationsOf(write.id).length > 0;
  // A dynamic address is given when something uses it; a static one at once.
  const isNeeded = method === "Static" || isUsed;
  const address = asText(known?.properties["ipAddress"]) ?? (isNeeded ? allocate(stamp, poolSize) : undefined);
  const zone = stamp.domain.split(".").slice(1).join(".");
  return {
    publicIPAddressVersion: "IPv4",
    publicIPAllocationMethod: method,
    idleTimeoutInMinutes: properties["idleTimeoutInMinutes"] ?? 4,
    ...given("ipAddress", isNeeded ? address : undefined),
    ...(label === undefined
      ? {}
      : { dnsSettings: { domainNameLabel: label, fqdn: `${label}.${stamp.location}.cloudapp.${zone}` } }),
  };
}

function requireFreeLabel(write: NetworkWrite, label: string | undefined): void {
  if (label === undefined) return;
  if (!/^[a-z][a-z0-9-]{1,61}[a-z0-9]$/.test(label)) {
    throw new ArmError(400, "InvalidDomainNameLabel", `The domain name label ${label} is invalid.`);
  }
  const isTaken = write.stamp.resources
    .list(publicAddressType, "")
    .some((one) => one.id !== write.id && asObject(one.properties["dnsSettings"])["domainNameLabel"] === label);
  if (isTaken) throw new ArmError(400, "DnsRecordInUse", `DNS record ${label} is already used by another public IP.`);
}

/** Gives a dynamic address to what began to use it. Call after the user is kept. */
export async function ensureAddress(stamp: StampServices, id: string | undefined, poolSize: number): Promise<void> {
  const address = id === undefined ? undefined : stamp.resources.get(id);
  if (address === undefined || address.properties["ipAddress"] !== undefined) return;
  const ipAddress = allocate(stamp, poolSize);
  await stamp.resources.put({ ...address, properties: { ...address.properties, ipAddress } });
}

export function publicAddressRules(apiVersions: readonly string[], poolSize: number): NetworkTypeRules {
  return {
    type: publicAddressType,
    apiVersions,
    members: [
      "publicIPAllocationMethod",
      "publicIPAddressVersion",
      "ipConfiguration",
      "dnsSettings",
      "ipTags",
      "ipAddress",
      "publicIPPrefix",
      "idleTimeoutInMinutes",
      "resourceGuid",
      "provisioningState",
    ],
    hasSku: true,
    quota: "PublicIPAddresses",
    settle: (write) => settle(write, poolSize),
    show: ({ id }, references) => {
      const [user] = references.configurationsOf(id);
      return user === undefined ? {} : { ipConfiguration: { id: user } };
    },
    requireUnused: ({ id }, references) => {
      const [user] = references.configurationsOf(id);
      if (user === undefined) return;
      throw new ArmError(
        400,
        "PublicIPAddressCannotBeDeleted",
        `Public IP address ${id} can not be deleted since it is still allocated to resource ${user}. In order to delete the public IP, disassociate/detach the Public IP address from the resource.`,
      );
    },
  };
}
