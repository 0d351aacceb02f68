import { userInfo } from "node:os";

/**
 * Who enters a record: the account of the machine, as its environment tells, or the system where that is silent. Not a proof
 * of identity.
 */
export function accountName(environment: Readonly<Record<string, string | undefined>>): string {
  return environment["LOGNAME"] || environment["USER"] || environment["USERNAME"] || systemAccount();
}

/** In a container an id need not have a name. */
function systemAccount(): string {
  try {
    return userInfo().username;
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    return `uid ${process.getuid?.() ?? "unknown"}`;
  }
}
