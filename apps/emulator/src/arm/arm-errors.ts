import { ArmError } from "./provider.ts";

/** The platform's usual refusals, so that every room says them in the same words. */
export function resourceNotFound(type: string, name: string, resourceGroup = ""): ArmError {
  return new ArmError(
    404,
    "ResourceNotFound",
    `The Resource '${type}/${name}' under resource group '${resourceGroup}' was not found.`,
  );
}

export function resourceGroupNotFound(name: string): ArmError {
  return new ArmError(404, "ResourceGroupNotFound", `Resource group '${name}' could not be found.`);
}

export function invalidParameter(message: string): ArmError {
  return new ArmError(400, "InvalidParameter", message);
}

export function invalidRequestContent(detail: string): ArmError {
  return new ArmError(
    400,
    "InvalidRequestContent",
    `The request content was invalid and could not be deserialized: '${detail}'.`,
  );
}

export function locationNotAvailable(location: string, type: string, only: string): ArmError {
  return new ArmError(
    400,
    "LocationNotAvailableForResourceType",
    `The provided location '${location}' is not available for resource type '${type}'. List of available regions for the resource type is '${only}'.`,
  );
}
