import type { ArmResource, ResourceStore } from "./resource.ts";

/** A parsed call on one resource, collection or action, after routing, authentication, authorisation and version check. */
export interface ArmCall {
  readonly method: "GET" | "PUT" | "PATCH" | "POST" | "DELETE" | "HEAD";
  readonly apiVersion: string;
  readonly subscriptionId: string;
  readonly resourceGroup?: string;
  /** The resource's id as asked for, built anew from its parts; for a collection, the id of its parent or scope. */
  readonly id: string;
  readonly name?: string;
  /** Names of the parents of a nested type, outermost first. */
  readonly parentNames: readonly string[];
  /** Last word of a POST, such as `beginGetAccess`. */
  readonly action?: string;
  readonly query: URLSearchParams;
  readonly body: unknown;
  /** `https://host:port` that the caller used: operation addresses are built on it. */
  readonly origin: string;
  readonly principalId: string;
}

export interface ArmReply {
  readonly status: number;
  readonly headers?: Record<string, string>;
  /** JSON; left out for an empty body. */
  readonly body?: unknown;
}

/** Raised by providers; answered as the platform's error envelope. */
export class ArmError extends Error {
  readonly status: number;
  readonly code: string;
  readonly headers: Record<string, string>;

  constructor(status: number, code: string, message: string, headers: Record<string, string> = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

/** A long-running operation to begin. `kind` names a handler registered under `operationKinds`, so that a restart resumes it. */
export interface OperationStart {
  readonly kind: string;
  readonly resourceId: string;
  readonly arguments: Record<string, unknown>;
  /** How long the platform takes for it at least; faults may add to it. */
  readonly durationMs: number;
  /** Word in the polling address, such as `DiskOperations`; `operations` when left out. */
  readonly pathWord?: string;
  readonly provider: "Microsoft.Compute" | "Microsoft.Network" | "Microsoft.Storage" | "Microsoft.Resources";
}

/**
 * Carries out an operation when its time has come; may run again after a kill and must then do no harm. What it
 * returns is `properties.output` at the operation's address and the bare body at Location. An ArmError fails the operation.
 */
export type OperationHandler = (start: OperationStart, services: StampServices) => Promise<unknown>;

/** What a provider may use of its stamp. */
export interface StampServices {
  readonly stampName: string;
  readonly location: string;
  /** `east.ash.example`: storage accounts live at `<account>.blob.` of it. */
  readonly domain: string;
  /** Port that the stamp listens on, for addresses that it hands out. */
  readonly port: number;
  readonly build: number;
  readonly resources: ResourceStore;
  now(): number;
  uuid(): string;
  /** Starts an operation and answers the headers (Azure-AsyncOperation, Location, Retry-After) for a 201 or 202. */
  startOperation(call: ArmCall, start: OperationStart): Promise<Record<string, string>>;
  /** Throws ArmError 409 where a limit of the subscription would be passed by `adding`. Names as in usages. */
  requireQuota(subscriptionId: string, adding: Readonly<Record<string, number>>): void;
}

/** One resource type. Every operation gets the stamp's services; unset ones answer as the platform does for an unknown one. */
export interface ResourceType {
  /** `Microsoft.Compute/virtualMachines/extensions`. */
  readonly type: string;
  readonly apiVersions: readonly string[];
  readonly get?: (call: ArmCall, stamp: StampServices) => Promise<ArmReply>;
  /** A list below a scope; the router pages it and answers `{ value, nextLink }`. */
  readonly list?: (call: ArmCall, stamp: StampServices) => Promise<readonly unknown[]>;
  readonly put?: (call: ArmCall, stamp: StampServices) => Promise<ArmReply>;
  readonly patch?: (call: ArmCall, stamp: StampServices) => Promise<ArmReply>;
  readonly delete?: (call: ArmCall, stamp: StampServices) => Promise<ArmReply>;
  readonly actions?: Readonly<Record<string, (call: ArmCall, stamp: StampServices) => Promise<ArmReply>>>;
}

/** A family of types, its operations, and what it counts. */
export interface Provider {
  readonly namespace: string;
  readonly types: readonly ResourceType[];
  readonly operationKinds?: Readonly<Record<string, OperationHandler>>;
  /** Present use of each limit, for usages and for `requireQuota`. */
  readonly usage?: (subscriptionId: string, stamp: StampServices) => readonly QuotaCount[];
}

export interface QuotaCount {
  readonly name: string;
  readonly localizedName: string;
  readonly unit: string;
  readonly current: number;
  readonly limit: number;
}

/** The public form of a resource: everything but `hidden`. */
export function presentResource(resource: ArmResource): Record<string, unknown> {
  const { hidden: _hidden, ...shown } = resource;
  return shown;
}
