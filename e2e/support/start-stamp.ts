import type { Emulator, RunningStamp, StampOptions, VmKind } from "@holdfast/emulator";
import { standardPlanes, startEmulator } from "@holdfast/emulator";
import type { EmulatedStamp } from "./emulated-stamp.ts";

export interface TestStamp extends EmulatedStamp, AsyncDisposable {
  /** What tokens must be issued for. */
  readonly audience: string;
  readonly running: RunningStamp;
}

/** What a client is told of a running stamp. */
export function describeForClients(running: RunningStamp): EmulatedStamp & { readonly audience: string } {
  return {
    name: running.name,
    armUrl: running.armUrl,
    port: running.port,
    domain: running.domain,
    caFile: running.caFile,
    tenant: running.tenant,
    clientId: running.clientId,
    secret: running.clientSecret,
    subscriptionId: running.subscriptionId,
    location: running.name,
    audience: running.audience,
  };
}

/** Whole stamps in this process, with operations that take as little time as they can. */
export function startTestEmulator(stamps: readonly StampOptions[], vms: VmKind = "inert"): Promise<Emulator> {
  return startEmulator({
    stamps: stamps.map((stamp) => ({ operationScale: 0, ...stamp })),
    planes: standardPlanes({ vms, operationMs: 0 }),
  });
}

/** One stamp for one suite. */
export async function startTestStamp(options: Partial<StampOptions> = {}): Promise<TestStamp> {
  const emulator = await startTestEmulator([{ name: "east", ...options }]);
  const running = emulator.stamp(options.name ?? "east");
  return {
    ...describeForClients(running),
    running,
    [Symbol.asyncDispose]: () => emulator[Symbol.asyncDispose](),
  };
}
