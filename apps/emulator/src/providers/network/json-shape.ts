/** Reading of JSON whose shape was not checked beforehand: absent or odd values come out empty. */
export type JsonObject = Readonly<Record<string, unknown>>;

export function asObject(value: unknown): JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}

export function asObjects(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.map(asObject) : [];
}

export function asText(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** The `id` of `{ id }`. */
export function refId(value: unknown): string | undefined {
  return asText(asObject(value)["id"]);
}

export function refIds(value: unknown): string[] {
  return asObjects(value).flatMap((one) => refId(one) ?? []);
}

/** `{ key: value }`, or nothing where the value is absent: for objects that leave out what is not set. */
export function given<K extends string>(key: K, value: unknown): JsonObject {
  return value === undefined || value === null ? {} : { [key]: value };
}
