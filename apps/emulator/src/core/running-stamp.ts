import type { FaultBoard } from "../faults/fault-board.ts";
import type { Stamp } from "./stamp.ts";
import type { StampConfig } from "./stamp-config.ts";

/** How a client reaches one stamp. */
export interface RunningStamp {
  readonly name: string;
  readonly build: number;
  readonly identity: StampConfig["identity"];
  /** On localhost, so that no client needs DNS. */
  readonly armUrl: string;
  readonly loginUrl: string;
  /** Storage over plain HTTP. */
  readonly plainStorageUrl: string;
  readonly port: number;
  readonly domain: string;
  readonly tenantId: string;
  /** What to give clients as tenant: `adfs` on an AD FS stamp. */
  readonly tenant: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly clientSecretFile: string;
  readonly subscriptionId: string;
  readonly audience: string;
  readonly caFile: string;
  readonly faults: FaultBoard;
  readonly stamp: Stamp;
}

/** What is known of a stamp only once it listens and has its first principal. */
export interface StampReach {
  readonly port: number;
  readonly plainPort: number;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly clientSecretFile: string;
  readonly caFile: string;
}

export function describeStamp(stamp: Stamp, reach: StampReach): RunningStamp {
  const { config } = stamp.core;
  const { plainPort, ...rest } = reach;
  const armUrl = `https://localhost:${reach.port}`;
  const isAdfs = config.identity === "adfs";
  return {
    ...rest,
    name: config.name,
    build: config.build,
    identity: config.identity,
    armUrl,
    loginUrl: isAdfs ? `${armUrl}/adfs` : `${armUrl}/${config.tenantId}`,
    plainStorageUrl: `http://127.0.0.1:${plainPort}`,
    domain: config.domain,
    tenantId: config.tenantId,
    tenant: isAdfs ? "adfs" : config.tenantId,
    subscriptionId: config.subscriptionIds[0] ?? "",
    audience: config.audience,
    faults: stamp.faults,
    stamp,
  };
}
