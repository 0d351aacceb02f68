import { z } from "zod";
import { resourceNotFound } from "../../arm/arm-errors.ts";
import { readRequest, tagsSchema } from "../../arm/body-check.ts";
import { type ArmCall, ArmError, type ResourceType, type StampServices } from "../../arm/provider.ts";
import type { ArmResource } from "../../arm/resource.ts";
import { createRecordSetTypes, recordSetWords } from "./record-sets.ts";

export const dnsZoneType = "Microsoft.Network/dnsZones";
export const dnsVersions: readonly string[] = ["2016-04-01"];

/** Limits that network-differences gives. */
const maxZonesPerSubscription = 100;
const maxRecordSetsPerZone = 5000;

const zoneBody = z.object({ location: z.string().optional(), tags: tagsSchema, etag: z.string().optional() });

/** Two name servers per zone, and of the stamp itself: they go when it goes. */
function nameServers(stamp: StampServices): readonly string[] {
  return [1, 2].map((number) => `ns${number}-01.${stamp.domain}.`);
}

/** Zones are global and nested records are counted, never stored, in them. */
function present(zone: ArmResource, stamp: StampServices): Record<string, unknown> {
  const { hidden: _hidden, ...shown } = zone;
  const records = stamp.resources.listBelow(zone.id).length;
  return {
    ...shown,
    properties: {
      maxNumberOfRecordSets: maxRecordSetsPerZone,
      numberOfRecordSets: records,
      nameServers: nameServers(stamp),
    },
  };
}

function requireZone(call: ArmCall, stamp: StampServices): ArmResource {
  const zone = stamp.resources.get(call.id);
  if (zone !== undefined) return zone;
  throw resourceNotFound(dnsZoneType, call.name ?? "", call.resourceGroup);
}

/** Every zone begins with its SOA and NS records. */
async function putApex(zone: ArmResource, stamp: StampServices): Promise<void> {
  const [host = ""] = nameServers(stamp);
  const records = {
    SOA: {
      SOARecord: {
        host,
        email: `hostmaster.${stamp.domain}`,
        serialNumber: 1,
        refreshTime: 3600,
        retryTime: 300,
        expireTime: 2_419_200,
        minimumTTL: 300,
      },
    },
    NS: { NSRecords: nameServers(stamp).map((nsdname) => ({ nsdname })) },
  };
  for (const [word, properties] of Object.entries(records)) {
    await stamp.resources.put({
      id: `${zone.id}/${word}/@`,
      name: "@",
      type: `${dnsZoneType}/${word}`,
      etag: stamp.uuid(),
      properties: { TTL: word === "SOA" ? 3600 : 172_800, ...properties },
    });
  }
}

const zones: ResourceType = {
  type: dnsZoneType,
  apiVersions: dnsVersions,
  get: async (call, stamp) => ({ status: 200, body: present(requireZone(call, stamp), stamp) }),
  list: async (call, stamp) => stamp.resources.list(dnsZoneType, call.id).map((zone) => present(zone, stamp)),
  put: async (call, stamp) => {
    const body = readRequest(zoneBody, call.body);
    if (body.location?.toLowerCase() !== "global") {
      throw new ArmError(400, "LocationNotAvailableForResourceType", "DNS zones live in the location 'global'.");
    }
    const name = call.name ?? "";
    if (!/^([a-z0-9_]([a-z0-9_-]*[a-z0-9_])?\.)+[a-z0-9]([a-z0-9-]*[a-z0-9])?$/i.test(name)) {
      throw new ArmError(
        400,
        "InvalidZoneName",
        `The zone name '${name}' is not a valid domain name of two or more labels.`,
      );
    }
    const known = stamp.resources.get(call.id);
    const isFull =
      stamp.resources.list(dnsZoneType, `/subscriptions/${call.subscriptionId}`).length >= maxZonesPerSubscription;
    if (known === undefined && isFull) {
      throw new ArmError(409, "TooManyZones", `A subscription has at most ${maxZonesPerSubscription} DNS zones.`);
    }
    await stamp.resources.put({
      id: call.id,
      name,
      type: dnsZoneType,
      location: "global",
      ...(body.tags ? { tags: body.tags } : {}),
      etag: stamp.uuid(),
      properties: {},
    });
    if (known === undefined) await putApex(requireZone(call, stamp), stamp);
    return { status: known === undefined ? 201 : 200, body: present(requireZone(call, stamp), stamp) };
  },
  delete: async (call, stamp) => {
    if (stamp.resources.get(call.id) === undefined) return { status: 204 };
    for (const record of stamp.resources.listBelow(call.id)) await stamp.resources.delete(record.id);
    await stamp.resources.delete(call.id);
    return { status: 200 };
  },
};

/** dnsZones and one type per kind of record; `recordsets` lists them all together. */
export function createDnsTypes(): readonly ResourceType[] {
  const all: ResourceType = {
    type: `${dnsZoneType}/recordsets`,
    apiVersions: dnsVersions,
    list: async (call, stamp) => {
      const words = recordSetWords.map((word) => `${dnsZoneType}/${word}`.toLowerCase());
      return stamp.resources.listBelow(call.id).filter((record) => words.includes(record.type.toLowerCase()));
    },
  };
  return [zones, all, ...createRecordSetTypes(dnsZoneType, dnsVersions, maxRecordSetsPerZone)];
}
