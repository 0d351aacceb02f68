import type { ArmCall, OperationHandler, ResourceType, StampServices } from "../arm/provider.ts";
import type { ArmResource } from "../arm/resource.ts";
import type { DiskGrant } from "../pages/disk-access.ts";
import { beginDiskOperation } from "./begin-operation.ts";
import { badParameter, notAllowed, notFound } from "./compute-errors.ts";
import type { ComputeDeps } from "./compute-deps.ts";
import { diskStateOf, hasActiveSas } from "./disk-state.ts";
import { asObject, integerAt, onlyKnown, stringAt } from "./request-fields.ts";

/** SAS addresses of one family of incremental snapshots at a time (the platform's published restriction). */
const maxGrantsOfFamily = 5;

/** The family of an incremental snapshot: the unique id of its disk. Undefined for full snapshots and disks. */
export function familyOf(resource: ArmResource): string | undefined {
  if (resource.properties["incremental"] !== true) return undefined;
  return (resource.properties["creationData"] as { sourceUniqueId?: string }).sourceUniqueId;
}

function readGrantRequest(call: ArmCall): { access: "Read" | "Write"; durationMs: number } {
  const body = asObject(call.body, "grantAccessData");
  onlyKnown(body, ["access", "durationInSeconds"], "GrantAccessData", "");
  const access = stringAt(body, "access");
  if (access !== "Read" && access !== "Write") {
    throw badParameter(`The value '${access ?? ""}' of parameter 'access' is not supported: it is Read or Write.`);
  }
  const seconds = integerAt(body, "durationInSeconds");
  if (seconds === undefined || seconds < 1 || seconds > 4_294_967_295) {
    throw badParameter("The value of parameter 'durationInSeconds' is missing or out of range.");
  }
  return { access, durationMs: seconds * 1000 };
}

/** Refuses a grant that the state of the disk or snapshot does not allow. */
function requireGrantable(
  resource: ArmResource,
  access: "Read" | "Write",
  deps: ComputeDeps,
  stamp: StampServices,
): void {
  if (resource.properties["provisioningState"] !== "Succeeded") {
    throw notAllowed(`Access to ${resource.id} cannot be granted: its provisioning has not succeeded.`);
  }
  if (resource.type.toLowerCase().endsWith("/disks")) {
    const state = diskStateOf(resource, deps, stamp);
    const allowed = access === "Write" ? ["ReadyToUpload", "ActiveUpload"] : ["Unattached", "Reserved", "ActiveSAS"];
    if (allowed.includes(state)) return;
    throw notAllowed(`${access} access to disk ${resource.name} cannot be granted in state ${state}.`);
  }
  if (access === "Write") throw badParameter("Write access can only be granted to a disk that awaits an upload.");
  const family = familyOf(resource);
  if (family === undefined || hasActiveSas(resource.id, deps, stamp)) return;
  const granted = stamp.resources
    .list("Microsoft.Compute/snapshots", "")
    .filter((one) => familyOf(one) === family && hasActiveSas(one.id, deps, stamp));
  if (granted.length >= maxGrantsOfFamily) {
    throw notAllowed(
      `Access to no more than ${maxGrantsOfFamily} incremental snapshots of one disk can be granted at a time. End access to another one first.`,
    );
  }
}

type Require = (call: ArmCall, stamp: StampServices) => ArmResource;

/** `beginGetAccess` and `endGetAccess`, the same for disks and snapshots. */
export function accessActions(deps: ComputeDeps, requireOne: Require): NonNullable<ResourceType["actions"]> {
  return {
    beginGetAccess: async (call, stamp) => {
      const resource = requireOne(call, stamp);
      const { access, durationMs } = readGrantRequest(call);
      requireGrantable(resource, access, deps, stamp);
      const args = { access, expiresAtMs: stamp.now() + durationMs };
      const what = { resource, kind: "compute.access.begin", args };
      return { status: 202, headers: await beginDiskOperation(call, what, { deps, stamp }) };
    },
    endGetAccess: async (call, stamp) => {
      const resource = requireOne(call, stamp);
      const what = { resource, kind: "compute.access.end" };
      return { status: 202, headers: await beginDiskOperation(call, what, { deps, stamp }) };
    },
  };
}

export function accessOperations(deps: ComputeDeps): Record<string, OperationHandler> {
  return {
    "compute.access.begin": async (start, stamp) => {
      const resource = stamp.resources.get(start.resourceId);
      if (resource === undefined) throw notFound("Microsoft.Compute", start.resourceId);
      const { access, expiresAtMs } = start.arguments as { access: "Read" | "Write"; expiresAtMs: number };
      requireGrantable(resource, access, deps, stamp);
      const { volumeId, snapshotId } = resource.hidden as { volumeId: string; snapshotId?: string };
      const family = familyOf(resource);
      const grant: Omit<DiskGrant, "path"> = {
        volumeId,
        access,
        expiresAtMs,
        ...(snapshotId === undefined ? {} : { snapshotId }),
        ...(family === undefined ? {} : { family }),
      };
      return { accessSAS: await deps.access.grant(resource.id, grant) };
    },
    "compute.access.end": async (start, stamp) => {
      const resource = stamp.resources.get(start.resourceId);
      const hadGrant = deps.access.find(start.resourceId) !== undefined;
      await deps.access.revoke(start.resourceId);
      // Ending the access of an upload is how its maker says that it is complete.
      if (resource?.hidden?.["isUploading"] === true && hadGrant) {
        const { isUploading: _ended, ...hidden } = resource.hidden;
        await stamp.resources.put({ ...resource, hidden });
      }
      return undefined;
    },
  };
}
