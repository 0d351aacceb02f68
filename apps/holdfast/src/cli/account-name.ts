/** Who enters a record: the account of the machine, as far as its environment tells. Not a proof of identity. */
export function accountName(environment: Readonly<Record<string, string | undefined>>): string {
  return environment["LOGNAME"] || environment["USER"] || environment["USERNAME"] || "unknown";
}
