import { z } from "zod";
import { policyFileSchema } from "./policy-schema.ts";

interface SchemaNode {
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly additionalProperties?: SchemaNode | boolean;
  readonly items?: SchemaNode;
  readonly anyOf?: readonly SchemaNode[];
}

/** The JSON Schema of a policy file, for editors. */
export function policyJsonSchema(): object {
  const schema = z.toJSONSchema(policyFileSchema, { io: "input", target: "draft-2020-12" });
  return { ...schema, title: "Holdfast policy file" };
}

/** The words that are known at a place of the file. */
export function wordsAt(path: readonly PropertyKey[]): readonly string[] {
  let nodes: readonly SchemaNode[] = [policyJsonSchema() as SchemaNode];
  for (const step of path)
    nodes = nodes.flatMap((node) => alternatives(node)).flatMap((node) => below(node, step) ?? []);
  return nodes.flatMap((node) => alternatives(node)).flatMap(({ properties }) => Object.keys(properties ?? {}));
}

function alternatives(node: SchemaNode): readonly SchemaNode[] {
  return node.anyOf === undefined ? [node] : node.anyOf.flatMap(alternatives);
}

function below({ properties, additionalProperties, items }: SchemaNode, step: PropertyKey): SchemaNode | undefined {
  if (typeof step === "number") return items;
  return properties?.[String(step)] ?? (typeof additionalProperties === "object" ? additionalProperties : undefined);
}
