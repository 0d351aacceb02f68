import { type Clock, HoldfastError, hasErrorCode } from "@holdfast/kernel";
import type { ArmClient, ArmRequest, SignalOption } from "./arm-client.ts";
import { parseArmId } from "./arm-id.ts";
import { type OperationOption, runOperation } from "./long-running.ts";

/** The verbs of every resource: the version comes from the type in the id. */
export interface ResourceCalls {
  get(id: string, options?: SignalOption & { readonly expand?: string }): Promise<unknown>;
  /** Null where the resource does not exist. */
  find(id: string, options?: SignalOption & { readonly expand?: string }): Promise<unknown>;
  put(id: string, body: unknown, options?: OperationOption): Promise<unknown>;
  /** Succeeds where the resource is already gone. */
  remove(id: string, options?: OperationOption): Promise<void>;
  act(id: string, verb: string, options?: OperationOption & { readonly body?: unknown }): Promise<unknown>;
}

export function createResourceCalls(arm: ArmClient, clock: Clock): ResourceCalls {
  const at = (id: string): Pick<ArmRequest, "path" | "apiVersion"> => ({
    path: id,
    apiVersion: arm.versionOf(parseArmId(id).type),
  });
  const get: ResourceCalls["get"] = async (id, { expand, ...options } = {}) => {
    const query = expand === undefined ? {} : { $expand: expand };
    return (await arm.send({ method: "GET", ...at(id), query }, options)).body;
  };
  return {
    get,
    find: async (id, options) => {
      try {
        return await get(id, options);
      } catch (error) {
        if (hasErrorCode(error, "stackhub.arm.not-found")) return null;
        throw error;
      }
    },
    put: (id, body, options) => runOperation(arm, clock, { method: "PUT", ...at(id), body }, options),
    remove: async (id, options) => {
      try {
        await runOperation(arm, clock, { method: "DELETE", ...at(id) }, options);
      } catch (error) {
        if (!hasErrorCode(error, "stackhub.arm.not-found")) throw error;
      }
    },
    act: (id, verb, { body, ...options } = {}) => {
      const { path, apiVersion } = at(id);
      // Every verb that Holdfast uses asks for a state (running, deallocated, access) and may be asked for twice.
      return runOperation(
        arm,
        clock,
        {
          method: "POST",
          path: `${path}/${verb}`,
          apiVersion,
          isIdempotent: true,
          ...(body === undefined ? {} : { body }),
        },
        options,
      );
    },
  };
}

/** Raised where a name is taken by something with other content than what was to be made. */
export function nameTaken(id: string, difference: string): HoldfastError {
  return new HoldfastError({
    code: "stackhub.arm.conflict",
    message: `${id} exists already with another content (${difference})`,
    advice: "Choose another name, or delete what has this one.",
    details: { object: id, difference },
  });
}
