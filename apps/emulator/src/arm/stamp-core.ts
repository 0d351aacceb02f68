import type { DocumentStore } from "../core/document-store.ts";
import type { StampConfig } from "../core/stamp-config.ts";
import type { PrincipalStore } from "../identity/principal-store.ts";
import type { OperationEngine } from "./operation-engine.ts";
import type { ArmCall, ArmReply, Provider, StampServices } from "./provider.ts";

/** What ARM's own routes know of their stamp, beyond what a provider may use. */
export interface StampCore {
  readonly config: StampConfig;
  readonly services: StampServices;
  readonly providers: readonly Provider[];
  readonly operations: OperationEngine;
  /** By `subscription/namespace` in lower case; what is not in it is registered. */
  readonly registrations: DocumentStore<boolean>;
  readonly tags: DocumentStore<readonly string[]>;
  readonly principals: PrincipalStore;
}

export interface CoreCall extends ArmCall {
  /** What stood where the template has `{name}`. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Whether the caller may do something at a scope. */
  may(action: string, scope: string): boolean;
  /** Whether the caller holds any role at a scope or below it. */
  hasRoleIn(scope: string): boolean;
}

/** One of ARM's own addresses: those without a provider in the path. */
export interface CoreRoute {
  readonly method: ArmCall["method"];
  /** `/subscriptions/{subscription}/resourcegroups/{group}`, in lower case. */
  readonly template: string;
  readonly apiVersions: readonly string[];
  /** Right that the caller needs; left out where the answer itself depends on the caller's rights. */
  readonly action?: string;
  readonly reply?: (call: CoreCall, core: StampCore) => Promise<ArmReply>;
  /** Answered page by page. */
  readonly list?: (call: CoreCall, core: StampCore) => Promise<readonly unknown[]>;
}

/** The parameters of a path that fits a template; undefined where it does not. */
export function matchTemplate(template: string, segments: readonly string[]): Record<string, string> | undefined {
  const words = template.split("/").slice(1);
  if (words.length !== segments.length) return undefined;
  const parameters: Record<string, string> = {};
  for (const [index, word] of words.entries()) {
    const segment = segments[index] ?? "";
    if (word.startsWith("{")) parameters[word.slice(1, -1)] = segment;
    else if (word !== segment.toLowerCase()) return undefined;
  }
  return parameters;
}
