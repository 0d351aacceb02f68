import { hasErrorCode } from "@holdfast/kernel";
import type { ArmClient, SignalOption } from "../arm/arm-client.ts";
import { resourcesVersion } from "../arm/api-versions.ts";

/** Makes a resource group where there is none; one that exists is left as it is, tags included. */
export async function ensureResourceGroup(
  deps: { readonly arm: ArmClient; readonly subscriptionId: string; readonly location: string },
  wanted: { readonly name: string; readonly tags: Readonly<Record<string, string>> },
  options: SignalOption = {},
): Promise<void> {
  const at = {
    path: `/subscriptions/${deps.subscriptionId}/resourcegroups/${wanted.name}`,
    apiVersion: resourcesVersion,
  };
  try {
    await deps.arm.send({ method: "GET", ...at }, options);
  } catch (error) {
    if (!hasErrorCode(error, "stackhub.arm.not-found")) throw error;
    const body = { location: deps.location, tags: wanted.tags };
    await deps.arm.send({ method: "PUT", ...at, body }, options);
  }
}
