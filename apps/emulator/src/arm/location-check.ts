import { locationNotAvailable } from "./arm-errors.ts";
import { ArmError } from "./provider.ts";

/** A stamp has one location: anything else is refused. Spaces and case do not count. */
export function requireLocation(location: string | undefined, type: string, only: string): string {
  if (location === undefined || location === "") {
    throw new ArmError(400, "LocationRequired", "The location property is required for this definition.");
  }
  if (location.toLowerCase().replaceAll(" ", "") !== only) throw locationNotAvailable(location, type, only);
  return only;
}
