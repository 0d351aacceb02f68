import { ArmError, type Provider, type QuotaCount, type StampServices } from "../arm/provider.ts";

/** Every count of a subscription, with the stamp's own limits in place of the defaults. */
export function readQuotas(
  providers: readonly Provider[],
  limits: Readonly<Record<string, number>>,
  subscriptionId: string,
  stamp: StampServices,
): readonly QuotaCount[] {
  return providers
    .flatMap((provider) => provider.usage?.(subscriptionId, stamp) ?? [])
    .map((count) => ({ ...count, limit: limits[count.name] ?? count.limit }));
}

/** Throws where one of the limits would be passed. */
export function requireWithinQuota(counts: readonly QuotaCount[], adding: Readonly<Record<string, number>>): void {
  for (const [name, amount] of Object.entries(adding)) {
    const count = counts.find((one) => one.name.toLowerCase() === name.toLowerCase());
    if (count === undefined || amount <= 0 || count.current + amount <= count.limit) continue;
    throw new ArmError(
      409,
      "OperationNotAllowed",
      `Operation results in exceeding quota limits of ${count.localizedName}. Maximum allowed: ${count.limit}, Current in use: ${count.current}, Additional requested: ${amount}.`,
    );
  }
}

/** The list form that compute, network and storage share at the hybrid profile's versions. */
export function presentUsage(count: QuotaCount): Record<string, unknown> {
  return {
    unit: count.unit,
    currentValue: count.current,
    limit: count.limit,
    name: { value: count.name, localizedValue: count.localizedName },
  };
}
