/** ARM ids of the resources that Holdfast makes, spelled as the platform spells them. */
export function armId(
  place: { readonly subscriptionId: string; readonly resourceGroup: string },
  type: `${string}/${string}`,
  name: string,
): string {
  return `/subscriptions/${place.subscriptionId}/resourceGroups/${place.resourceGroup}/providers/${type}/${name}`;
}

/** The last segment of an ARM id. */
export function nameOfArmId(id: string): string {
  return id.slice(id.lastIndexOf("/") + 1);
}

/** The resource group of an ARM id, or null where it names none. */
export function resourceGroupOfArmId(id: string): string | null {
  return /\/resourceGroups\/([^/]+)/i.exec(id)?.[1] ?? null;
}

/** Null where the platform takes the name for a disk or snapshot, else what is wrong with it. */
export function problemOfDiskName(name: string): string | null {
  if (name.length < 1 || name.length > 80) return "has to have 1 to 80 characters";
  return /^[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9_])?$/.test(name)
    ? null
    : "takes letters, digits, '_', '.' and '-', begins with a letter or digit, and does not end with '.' or '-'";
}

/** Null where the platform takes the name for a VM: 64 characters for Linux, 15 for Windows. */
export function problemOfVmName(name: string, osType: "Linux" | "Windows"): string | null {
  const longest = osType === "Windows" ? 15 : 64;
  if (name.length < 1 || name.length > longest) return `has to have 1 to ${longest} characters`;
  if (osType === "Windows" && /^[0-9]+$/.test(name)) return "may not be digits only";
  return /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(name)
    ? null
    : "takes letters, digits, '.' and '-', and begins and ends with a letter or digit";
}

/** Null where the platform takes the name for a storage account. */
export function problemOfStorageAccountName(name: string): string | null {
  return /^[a-z0-9]{3,24}$/.test(name) ? null : "takes 3 to 24 lower-case letters and digits";
}
