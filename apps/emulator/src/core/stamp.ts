import { createArmGateway, type ArmGateway } from "../arm/arm-gateway.ts";
import { createOperationEngine, type OperationEngine, type OperationRecord } from "../arm/operation-engine.ts";
import type { Provider, StampServices } from "../arm/provider.ts";
import type { StampCore } from "../arm/stamp-core.ts";
import { createFaultBoard, type FaultBoard } from "../faults/fault-board.ts";
import { createPrincipalStore, type Principal } from "../identity/principal-store.ts";
import { createAuthorizationProvider } from "../providers/authorization/authorization-provider.ts";
import { createNetworkProvider } from "../providers/network/network-provider.ts";
import { coreRoutes, createResourcesProvider } from "../providers/resources/resources-provider.ts";
import { createStorageProvider } from "../providers/storage/storage-provider.ts";
import { createDocumentStore } from "./document-store.ts";
import { readQuotas, requireWithinQuota } from "./quota.ts";
import { createResourceStore } from "./resource-store.ts";
import type { StampConfig } from "./stamp-config.ts";
import type { StampDatabase } from "./stamp-database.ts";
import type { EmulatorClock } from "./system-clock.ts";

export interface StampDeps {
  readonly config: StampConfig;
  readonly database: StampDatabase;
  readonly clock: EmulatorClock;
  uuid(): string;
  /** Known once the stamp listens. */
  port(): number;
}

/** One stamp without its listeners: state, services, ARM. Providers are added before it serves. */
export interface Stamp extends AsyncDisposable {
  readonly core: StampCore;
  readonly services: StampServices;
  readonly faults: FaultBoard;
  readonly gateway: ArmGateway;
  addProviders(providers: readonly Provider[]): void;
  /** Takes up unfinished operations. Call once all providers are there. */
  resume(): void;
}

function createServices(
  deps: StampDeps,
  faults: FaultBoard,
  parts: { readonly providers: readonly Provider[]; operations(): OperationEngine },
): StampServices {
  const { config, database } = deps;
  const services: StampServices = {
    stampName: config.name,
    location: config.name,
    domain: config.domain,
    get port() {
      return deps.port();
    },
    build: config.build,
    resources: createResourceStore(database),
    now: () => deps.clock.now() + (faults.peek("clock-skew")?.skewMs ?? 0),
    uuid: () => deps.uuid(),
    startOperation: (call, start) => parts.operations().start(call, start),
    requireQuota: (subscriptionId, adding) => {
      requireWithinQuota(readQuotas(parts.providers, config.quotas, subscriptionId, services), adding);
    },
  };
  return services;
}

const underWay = ["Creating", "Updating", "Deleting"];

/** Ends the provisioning of a resource whose operation failed and left it on its way. */
async function settleFailed(resourceId: string, { resources }: StampServices): Promise<void> {
  const resource = resources.get(resourceId);
  if (resource === undefined || !underWay.includes(resource.properties["provisioningState"] as string)) return;
  await resources.put({ ...resource, properties: { ...resource.properties, provisioningState: "Failed" } });
}

/** Builds a stamp over its database. */
export function createStamp(deps: StampDeps): Stamp {
  const { config, database } = deps;
  const faults = createFaultBoard();
  const providers: Provider[] = [];
  const services = createServices(deps, faults, { providers, operations: () => operations });
  const operations: OperationEngine = createOperationEngine({
    records: createDocumentStore<OperationRecord>(database, "operation"),
    location: config.name,
    retryAfterSeconds: config.retryAfterSeconds,
    operationScale: config.operationScale,
    faults,
    now: services.now,
    uuid: services.uuid,
    handler: (kind) => providers.map((one) => one.operationKinds?.[kind]).find((found) => found !== undefined),
    run: (handler, start) => handler(start, services),
    fail: ({ resourceId }) => settleFailed(resourceId, services),
  });
  const core: StampCore = {
    config,
    services,
    providers,
    operations,
    registrations: createDocumentStore<boolean>(database, "registration"),
    tags: createDocumentStore<readonly string[]>(database, "tag"),
    principals: createPrincipalStore(createDocumentStore<Principal>(database, "principal")),
  };
  providers.push(
    createResourcesProvider(() => core),
    createAuthorizationProvider(),
    createStorageProvider(config.build, config.quotas),
    createNetworkProvider(config),
  );
  return {
    core,
    services,
    faults,
    gateway: createArmGateway(core, coreRoutes),
    addProviders: (more) => void providers.push(...more),
    resume: () => operations.resume(),
    [Symbol.asyncDispose]: async () => {
      await operations[Symbol.asyncDispose]();
      database[Symbol.dispose]();
    },
  };
}
