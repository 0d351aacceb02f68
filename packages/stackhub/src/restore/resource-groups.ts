import { type Clock, hasErrorCode } from "@holdfast/kernel";
import { z } from "zod";
import type { ArmClient, SignalOption } from "../arm/arm-client.ts";
import { type OperationOption, runOperation } from "../arm/long-running.ts";
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

/** The list of a group's resources lags behind what was just deleted in it. */
const emptyTries = 4;
const emptyPauseMs = 5_000;

const groupSchema = z.object({ tags: z.record(z.string(), z.string()).nullish() });

/** Deletes a group that carries this tag and holds nothing; one that is gone, another's or in use is left as it is. */
export async function deleteResourceGroup(
  deps: { readonly arm: ArmClient; readonly clock: Clock },
  wanted: { readonly groupId: string; readonly tag: { readonly name: string; readonly value: string } },
  options: OperationOption = {},
): Promise<void> {
  const { groupId, tag } = wanted;
  const at = { path: groupId, apiVersion: resourcesVersion };
  const { signal } = options;
  for (let tries = 1; ; tries += 1) {
    try {
      const { body } = await deps.arm.send({ method: "GET", ...at }, { signal });
      if (groupSchema.parse(body).tags?.[tag.name] !== tag.value) return;
      const inside = await deps.arm.list(`${groupId}/resources`, resourcesVersion, { signal });
      if (inside.length === 0) {
        await runOperation(deps.arm, deps.clock, { method: "DELETE", ...at }, options);
        return;
      }
    } catch (error) {
      if (!hasErrorCode(error, "stackhub.arm.not-found")) throw error;
      return;
    }
    if (tries === emptyTries) return;
    await deps.clock.sleep(emptyPauseMs, signal === undefined ? {} : { signal });
  }
}
