import { type Clock, HoldfastError, hasErrorCode } from "@holdfast/kernel";
import { z } from "zod";
import type { OperationOption } from "../arm/long-running.ts";
import { readWire } from "../arm/read-wire.ts";
import type { ResourceCalls } from "../arm/resource-calls.ts";
import type { AccessGrant } from "../blob/access-lease.ts";

/** Long enough for most captures, short enough that a killed run's access ends by itself soon. */
const grantSeconds = 3600;
const renewEarlyMs = 10 * 60_000;
const maxGrantTries = 4;

interface AccessDeps {
  readonly resources: ResourceCalls;
  readonly clock: Clock;
}

const grantSchema = z.union([
  z.object({ accessSAS: z.string().min(1) }).transform(({ accessSAS }) => accessSAS),
  z.object({ accessSas: z.string().min(1) }).transform(({ accessSas }) => accessSas),
  z
    .object({ properties: z.object({ output: z.object({ accessSAS: z.string().min(1) }) }) })
    .transform(({ properties }) => properties.output.accessSAS),
]);

/** Grants access to a disk or snapshot, with patience: the stamp's access service is known to fail for moments. */
export async function grantAccess(
  deps: AccessDeps,
  { id, access }: { readonly id: string; readonly access: "Read" | "Write" },
  options: OperationOption = {},
): Promise<AccessGrant> {
  for (let tries = 1; ; tries += 1) {
    try {
      const body = await deps.resources.act(id, "beginGetAccess", {
        ...options,
        body: { access, durationInSeconds: grantSeconds },
      });
      const address = readWire(id, () => grantSchema.parse(body));
      const renewAtMs = deps.clock.monotonicMs() + grantSeconds * 1000 - renewEarlyMs;
      return { access: { url: new URL(address), account: null }, renewAtMs };
    } catch (error) {
      // It tells that as a failed operation.
      const mayPass =
        error instanceof HoldfastError && (error.isRetryable || error.code === "stackhub.arm.operation-failed");
      if (!mayPass || tries >= maxGrantTries) throw error;
      await deps.clock.sleep(2_000 * tries, options.signal === undefined ? {} : { signal: options.signal });
    }
  }
}

/** Ends access. A platform that has none granted says so in one of several ways: none of them is a failure. */
export async function revokeAccess(deps: AccessDeps, resourceId: string, options?: OperationOption): Promise<void> {
  try {
    await deps.resources.act(resourceId, "endGetAccess", options);
  } catch (error) {
    const isNothingGranted = ["stackhub.arm.not-found", "stackhub.arm.conflict", "stackhub.arm.refused"].some((code) =>
      hasErrorCode(error, code),
    );
    if (!isNothingGranted) throw error;
  }
}
