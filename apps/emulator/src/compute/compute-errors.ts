import { ArmError } from "../arm/provider.ts";

/** The compute provider's refusals, so that each is said in one way. */
export function notFound(type: string, name: string, resourceGroup = ""): ArmError {
  return new ArmError(
    404,
    "ResourceNotFound",
    `The Resource '${type}/${name}' under resource group '${resourceGroup}' was not found.`,
  );
}

export function badReference(id: string, by: string): ArmError {
  return new ArmError(
    400,
    "InvalidResourceReference",
    `Resource ${id} referenced by resource ${by} was not found. Please make sure that the referenced resource exists, and that both resources are in the same region.`,
  );
}

export function badParameter(message: string): ArmError {
  return new ArmError(400, "InvalidParameter", message);
}

export function unknownMember(member: string, object: string, path: string): ArmError {
  return new ArmError(
    400,
    "BadRequest",
    `Could not find member '${member}' on object of type '${object}'. Path '${path}', line 1, position 1.`,
  );
}

export function notAllowed(message: string): ArmError {
  return new ArmError(409, "OperationNotAllowed", message);
}

export function conflictingInput(message: string): ArmError {
  return new ArmError(409, "ConflictingUserInput", message);
}
