import { ArmError } from "../../arm/provider.ts";
import { asObject, asObjects, type JsonObject } from "./json-shape.ts";
import type { NetworkWrite } from "./network-type.ts";

/** Gives each member of an embedded list its id, etag and state: subnets, rules, pools and the like. */
export function settleEmbedded(
  write: Pick<NetworkWrite, "id" | "known" | "stamp">,
  word: string,
  items: unknown,
  settle: (properties: JsonObject, item: JsonObject) => JsonObject = (properties) => properties,
): readonly JsonObject[] {
  const seen = new Set<string>();
  const before = asObjects(write.known?.properties[word]);
  return asObjects(items).map((item) => {
    const name = typeof item["name"] === "string" ? item["name"] : "";
    if (name === "" || seen.has(name.toLowerCase())) {
      throw new ArmError(
        400,
        "InvalidRequestFormat",
        `Cannot parse the request: a name in '${word}' is missing or given twice.`,
      );
    }
    seen.add(name.toLowerCase());
    const old = before.find((one) => String(one["name"]).toLowerCase() === name.toLowerCase());
    const properties = settle(asObject(item["properties"]), item);
    const isSame =
      old !== undefined &&
      JSON.stringify(asObject(old["properties"])) === JSON.stringify({ ...properties, provisioningState: "Succeeded" });
    return {
      name,
      id: `${write.id}/${word}/${name}`,
      etag: isSame ? String(old["etag"]) : `W/"${write.stamp.uuid()}"`,
      properties: { ...properties, provisioningState: "Succeeded" },
    };
  });
}

/** Leaves out members, such as read-only ones that a client sent back. */
export function without(properties: JsonObject, ...names: readonly string[]): JsonObject {
  return Object.fromEntries(
    Object.entries(properties).filter(([name, value]) => !names.includes(name) && value !== null),
  );
}

/** Throws unless a referenced resource, or a member embedded in one, is there. */
export function requireReference(write: Pick<NetworkWrite, "id" | "stamp">, id: string | undefined): void {
  if (id === undefined || findEmbedded(write, id) !== undefined) return;
  throw new ArmError(
    400,
    "InvalidResourceReference",
    `Resource ${id} referenced by resource ${write.id} was not found. Please make sure that the referenced resource exists, and that both resources are in the same region.`,
  );
}

/** A resource by id, or a member of an embedded list by `<resource>/<list>/<name>`. */
export function findEmbedded(write: Pick<NetworkWrite, "stamp">, id: string): JsonObject | undefined {
  const whole = write.stamp.resources.get(id);
  if (whole !== undefined) return { ...whole };
  const [, parentId = "", word = "", name = ""] = /^(.*)\/([^/]+)\/([^/]+)$/.exec(id) ?? [];
  const parent = write.stamp.resources.get(parentId);
  const listName = Object.keys(parent?.properties ?? {}).find((key) => key.toLowerCase() === word.toLowerCase());
  if (parent === undefined || listName === undefined) return undefined;
  return asObjects(parent.properties[listName]).find((one) => String(one["name"]).toLowerCase() === name.toLowerCase());
}
