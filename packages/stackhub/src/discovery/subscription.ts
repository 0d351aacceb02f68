import { HoldfastError } from "@holdfast/kernel";
import { z } from "zod";
import type { ArmClient, SignalOption } from "../arm/arm-client.ts";
import { resourcesVersion, subscriptionsVersion } from "../arm/api-versions.ts";
import { readWire } from "../arm/read-wire.ts";

const subscriptionSchema = z.object({ subscriptionId: z.string(), displayName: z.string().nullish() });
const locationSchema = z.object({ name: z.string() });
const providerSchema = z.object({
  namespace: z.string(),
  resourceTypes: z.array(z.object({ resourceType: z.string(), apiVersions: z.array(z.string()).nullish() })).nullish(),
});

/** Takes the subscription that was named, or the only one there is. */
export async function chooseSubscription(
  arm: ArmClient,
  named: string | undefined,
  options: SignalOption = {},
): Promise<string> {
  if (named !== undefined) return named;
  const items = await arm.list("/subscriptions", subscriptionsVersion, options);
  const subscriptions = readWire("/subscriptions", () => items.map((item) => subscriptionSchema.parse(item)));
  if (subscriptions.length === 1) return subscriptions[0]!.subscriptionId;
  if (subscriptions.length === 0) {
    throw new HoldfastError({
      code: "stackhub.subscription.none",
      message: `the identity sees no subscription on ${arm.stampName}`,
      advice: "Give the identity a role in the subscription; docs/least-rights.md has one that suffices.",
      details: { stamp: arm.stampName },
    });
  }
  const names = subscriptions.map((s) => `${s.subscriptionId} (${s.displayName ?? "no name"})`).join(", ");
  throw new HoldfastError({
    code: "stackhub.subscription.choose",
    message: `the identity sees ${subscriptions.length} subscriptions on ${arm.stampName}: ${names}`,
    advice: "Say which with --subscription; one stamp entry holds one subscription.",
    details: { stamp: arm.stampName, count: subscriptions.length },
  });
}

/** A stamp has exactly one location: its region. */
export async function readLocation(
  arm: ArmClient,
  subscriptionId: string,
  options: SignalOption = {},
): Promise<string> {
  const path = `/subscriptions/${subscriptionId}/locations`;
  const items = await arm.list(path, subscriptionsVersion, options);
  const location = readWire(path, () => items.map((item) => locationSchema.parse(item)))[0];
  if (location !== undefined) return location.name;
  throw new HoldfastError({
    code: "stackhub.subscription.no-location",
    message: `${arm.stampName} names no location for the subscription ${subscriptionId}`,
    advice: "Ask the stamp's operator whether the subscription's offer is complete.",
    details: { stamp: arm.stampName, subscriptionId },
  });
}

/** Reads which resource types the stamp offers, each with its versions. */
export async function readApiVersions(
  arm: ArmClient,
  subscriptionId: string,
  options: SignalOption = {},
): Promise<Record<string, readonly string[]>> {
  const path = `/subscriptions/${subscriptionId}/providers`;
  const items = await arm.list(path, resourcesVersion, options);
  const versions: Record<string, readonly string[]> = {};
  for (const provider of readWire(path, () => items.map((item) => providerSchema.parse(item)))) {
    for (const { resourceType, apiVersions } of provider.resourceTypes ?? []) {
      versions[`${provider.namespace}/${resourceType}`] = apiVersions ?? [];
    }
  }
  return versions;
}
