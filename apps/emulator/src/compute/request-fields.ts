import type { StampServices } from "../arm/provider.ts";
import { badParameter, unknownMember } from "./compute-errors.ts";

/** A JSON object of a request or a resource. */
export type Fields = Readonly<Record<string, unknown>>;

/** An object to look into: what is absent reads as empty, anything else but an object is refused. */
export function objectAt(parent: Fields, key: string): Fields {
  return asObject(parent[key] ?? {}, key);
}

export function asObject(value: unknown, path: string): Fields {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Fields;
  throw badParameter(`Required parameter '${path}' is missing or not an object.`);
}

export function listAt(parent: Fields, key: string): Fields[] {
  const value = parent[key] ?? [];
  if (!Array.isArray(value)) throw badParameter(`The value of parameter ${key} is invalid: it is not a list.`);
  return value.map((item, index) => asObject(item, `${key}[${index}]`));
}

/** Refuses properties that the platform does not know: it fails the whole request rather than drop them. */
export function onlyKnown(fields: Fields, known: readonly string[], object: string, path: string): void {
  for (const [key, value] of Object.entries(fields)) {
    if (value !== null && !known.includes(key)) {
      throw unknownMember(key, object, path === "" ? key : `${path}.${key}`);
    }
  }
}

export function stringAt(parent: Fields, key: string): string | undefined {
  const value = parent[key] ?? undefined;
  if (value === undefined || typeof value === "string") return value;
  throw badParameter(`The value of parameter ${key} is invalid: it is not a string.`);
}

export function integerAt(parent: Fields, key: string): number | undefined {
  const value = parent[key] ?? undefined;
  if (value === undefined) return undefined;
  if (typeof value === "number" && Number.isSafeInteger(value)) return value;
  throw badParameter(`The value of parameter ${key} is invalid: it is not a whole number.`);
}

export function booleanAt(parent: Fields, key: string): boolean | undefined {
  const value = parent[key] ?? undefined;
  if (value === undefined || typeof value === "boolean") return value;
  throw badParameter(`The value of parameter ${key} is invalid: it is neither true nor false.`);
}

/** Tags as given; values must be strings, at most 50 of them. */
export function tagsAt(parent: Fields): Record<string, string> | undefined {
  if (parent["tags"] === undefined || parent["tags"] === null) return undefined;
  const tags = Object.entries(asObject(parent["tags"], "tags"));
  if (tags.length > 50) throw badParameter("The number of tags may not be more than 50.");
  return Object.fromEntries(
    tags.map(([key, value]) => {
      if (typeof value !== "string") throw badParameter(`The value of tag '${key}' is not a string.`);
      return [key, value];
    }),
  );
}

/** Location must be the stamp's own; how it is spelled does not matter. */
export function requireLocation(body: Fields, stamp: StampServices): string {
  const asked = stringAt(body, "location");
  if (asked === undefined) throw badParameter("The location property is required for this definition.");
  if (asked.replaceAll(" ", "").toLowerCase() !== stamp.location.toLowerCase()) {
    throw badParameter(
      `The provided location '${asked}' is not available for this resource. List of available regions is '${stamp.location}'.`,
    );
  }
  return stamp.location;
}

/** Names of disks, snapshots, images and sets: at most 80 letters, digits, `_`, `.`, `-`; begin with a letter or digit, do not end in `.` or `-`. */
export function requireName(name: string | undefined, what: string, maxLength = 80): string {
  if (name === undefined || name.length > maxLength || !/^[A-Za-z0-9](?:[\w.-]*\w)?$/.test(name)) {
    throw badParameter(
      `The entity name '${name ?? ""}' of the ${what} is invalid according to its validation rule: ^[^_\\W][\\w-._]{0,${maxLength - 1}}(?<![-.])$.`,
    );
  }
  return name;
}

export function sameId(left: unknown, right: unknown): boolean {
  return typeof left === "string" && typeof right === "string" && left.toLowerCase() === right.toLowerCase();
}
