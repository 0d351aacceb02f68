import { assertNever } from "@holdfast/kernel";

/** What is lost. Losses are reckoned and objectives compared for each on its own. */
export type Scenario = "vm" | "disk" | "node" | "stamp" | "site" | "ransomware";

export const scenarios: readonly Scenario[] = ["vm", "disk", "node", "stamp", "site", "ransomware"];

/** Where copies of recovery points lie. */
export interface Place {
  /** Name of the repository, for people. */
  readonly name: string;
  /** The stamp whose loss takes the place with it; null where it lies on none. */
  readonly stampName: string | null;
  /** The site whose loss takes the place with it; null where nobody has entered it. */
  readonly siteName: string | null;
  /**
   * Whether what was written is kept from deletion by the credentials that write it, as read back from the store; null
   * where nobody has read it back, which counts as not locked.
   */
  readonly isLocked: boolean | null;
}

/** Where the VM itself runs. */
export interface SourcePlace {
  readonly stampName: string;
  /** Null where nobody has entered it. */
  readonly siteName: string | null;
}

/** Whether copies at a place count in a scenario, and why not. */
export type Survival = { readonly survives: true } | { readonly survives: false; readonly reason: string };

/**
 * Says whether copies at a place are still there once a scenario has struck the source. Recovery on the same stamp counts
 * nothing for the loss of that stamp: the platform's guide advises against a target that is only there.
 */
export function decideSurvival(place: Place, source: SourcePlace, scenario: Scenario): Survival {
  switch (scenario) {
    // The platform keeps storage on several nodes and restarts the VMs of a lost one.
    case "vm":
    case "disk":
    case "node":
      return { survives: true };
    case "stamp":
      return isSame(place.stampName, source.stampName)
        ? lost(`${place.name} lies on the stamp ${source.stampName} itself`)
        : { survives: true };
    case "site":
      return decideSiteSurvival(place, source);
    case "ransomware":
      if (place.isLocked === null) return lost(`nobody has read back whether ${place.name} is locked`);
      return place.isLocked
        ? { survives: true }
        : lost(`${place.name} is not locked: who can write there can delete there`);
    default:
      return assertNever(scenario);
  }
}

function decideSiteSurvival(place: Place, source: SourcePlace): Survival {
  if (isSame(place.stampName, source.stampName))
    return lost(`${place.name} lies on the stamp ${source.stampName} itself`);
  if (place.siteName === null) return lost(`nobody has entered the site of ${place.name}`);
  if (source.siteName === null) return lost(`nobody has entered the site of the stamp ${source.stampName}`);
  return isSame(place.siteName, source.siteName)
    ? lost(`${place.name} is at the site ${source.siteName} itself`)
    : { survives: true };
}

function lost(reason: string): Survival {
  return { survives: false, reason };
}

function isSame(one: string | null, other: string | null): boolean {
  return one !== null && other !== null && one.toLowerCase() === other.toLowerCase();
}
