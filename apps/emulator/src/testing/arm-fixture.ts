import { type Emulator, type EmulatorOptions, startEmulator } from "../core/start-emulator.ts";
import type { RunningStamp } from "../core/running-stamp.ts";
import type { StampOptions } from "../core/stamp-config.ts";
import { createStampClient, type StampClient } from "./stamp-client.ts";

/** One quick stamp `east` with a signed-in owner and an empty group, for tests through HTTP. */
export interface ArmFixture extends AsyncDisposable {
  readonly emulator: Emulator;
  readonly stamp: RunningStamp;
  readonly client: StampClient;
  readonly ca: string;
  /** `/subscriptions/…/resourceGroups/rg1`. */
  readonly group: string;
}

export async function startArmFixture(
  stampOptions: Partial<StampOptions> = {},
  options: EmulatorOptions = {},
): Promise<ArmFixture> {
  const emulator = await startEmulator({
    ...options,
    stamps: [{ name: "east", operationScale: 0, retryAfterSeconds: 0, ...stampOptions }],
  });
  const stamp = emulator.stamp("east");
  const client = await createStampClient(stamp, emulator.caCertificate);
  const group = `/subscriptions/${stamp.subscriptionId}/resourceGroups/rg1`;
  await client.arm("PUT", group, "2019-10-01", { location: "east" });
  return {
    emulator,
    stamp,
    client,
    ca: emulator.caCertificate,
    group,
    [Symbol.asyncDispose]: () => emulator[Symbol.asyncDispose](),
  };
}
