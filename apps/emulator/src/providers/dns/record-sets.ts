import { z } from "zod";
import { readRequest } from "../../arm/body-check.ts";
import { type ArmCall, ArmError, presentResource, type ResourceType, type StampServices } from "../../arm/provider.ts";

/** The 2016-04-01 contract's kinds, and the member that holds each one's records. */
const recordMembers: Readonly<Record<string, string>> = {
  A: "ARecords",
  AAAA: "AAAARecords",
  CNAME: "CNAMERecord",
  MX: "MXRecords",
  NS: "NSRecords",
  PTR: "PTRRecords",
  SOA: "SOARecord",
  SRV: "SRVRecords",
  TXT: "TXTRecords",
};

export const recordSetWords: readonly string[] = Object.keys(recordMembers);

const recordBody = z.object({
  etag: z.string().optional(),
  properties: z.record(z.string(), z.unknown()).default({}),
});

const zoneIdOf = (call: ArmCall): string => call.id.split("/").slice(0, -2).join("/");

function settle(word: string, call: ArmCall): Record<string, unknown> {
  const { properties } = readRequest(recordBody, call.body);
  const member = recordMembers[word] ?? "";
  const unknown = Object.keys(properties).find((name) => !["metadata", "TTL", "fqdn", member].includes(name));
  if (unknown !== undefined) {
    throw new ArmError(
      400,
      "BadRequest",
      `The record set has a member '${unknown}' that does not belong to type ${word}.`,
    );
  }
  const ttl = properties["TTL"];
  if (typeof ttl !== "number" || !Number.isInteger(ttl) || ttl < 1 || ttl > 2_147_483_647) {
    throw new ArmError(400, "BadRequest", "The TTL of a record set must be between 1 and 2147483647 seconds.");
  }
  return { ...properties, [member]: properties[member] ?? (member.endsWith("s") ? [] : undefined) };
}

function requireZone(id: string, call: ArmCall, stamp: StampServices): void {
  if (stamp.resources.get(id) !== undefined) return;
  const name = call.parentNames[0] ?? "";
  const text = `Can not perform requested operation on nested resource. Parent resource '${name}' not found.`;
  throw new ArmError(404, "ParentResourceNotFound", text);
}

function recordSetType(
  zoneType: string,
  word: string,
  apiVersions: readonly string[],
  maxRecordSets: number,
): ResourceType {
  const type = `${zoneType}/${word}`;
  return {
    type,
    apiVersions,
    list: async (call, stamp) => {
      requireZone(call.id, call, stamp);
      return stamp.resources.list(type, call.id).map(presentResource);
    },
    get: async (call, stamp) => {
      const record = stamp.resources.get(call.id);
      if (record !== undefined) return { status: 200, body: presentResource(record) };
      throw new ArmError(
        404,
        "NotFound",
        `The resource record '${call.name}' does not exist in resource group '${call.resourceGroup}'.`,
      );
    },
    put: async (call, stamp) => {
      const zoneId = zoneIdOf(call);
      requireZone(zoneId, call, stamp);
      const properties = settle(word, call);
      const known = stamp.resources.get(call.id);
      if (known === undefined && stamp.resources.listBelow(zoneId).length >= maxRecordSets) {
        throw new ArmError(409, "TooManyRecordSets", `A zone has at most ${maxRecordSets} record sets.`);
      }
      await stamp.resources.put({ id: call.id, name: call.name ?? "", type, etag: stamp.uuid(), properties });
      const kept = stamp.resources.get(call.id);
      if (kept === undefined) throw new Error(`record set ${call.id} was not kept`);
      return { status: known === undefined ? 201 : 200, body: presentResource(kept) };
    },
    delete: async (call, stamp) => {
      if (call.name === "@" && (word === "SOA" || word === "NS")) {
        throw new ArmError(400, "BadRequest", `The record set of type ${word} at the zone apex cannot be deleted.`);
      }
      if (stamp.resources.get(call.id) === undefined) return { status: 204 };
      await stamp.resources.delete(call.id);
      return { status: 200 };
    },
  };
}

export function createRecordSetTypes(
  zoneType: string,
  apiVersions: readonly string[],
  maxRecordSets: number,
): readonly ResourceType[] {
  return recordSetWords.map((word) => recordSetType(zoneType, word, apiVersions, maxRecordSets));
}
