import { invariant } from "@holdfast/kernel";
import type { Provenance } from "../inventory/capability.ts";

/** A number and how it is known. The unit stands in the name of the field that holds it. */
export interface Figure {
  readonly value: number;
  readonly provenance: Provenance;
  /** Where it comes from, in a few words for the reader: `capture of 2026-11-20`, `VPN gateway, Standard`. */
  readonly source: string;
}

const fromBestToWorst: readonly Provenance[] = ["measured", "probed", "documented", "assumed"];

/** The provenance of what is reckoned from all of these: that of the worst known. Raises a bug for none. */
export function worstProvenance(provenances: readonly Provenance[]): Provenance {
  invariant(provenances.length > 0, "something must be known to be reckoned with");
  return fromBestToWorst[Math.max(...provenances.map((one) => fromBestToWorst.indexOf(one)))] ?? "assumed";
}

/** A figure reckoned from others; it is as well known as the worst of them. */
export function reckonFigure(value: number, from: readonly Figure[], source: string): Figure {
  return { value, provenance: worstProvenance(from.map(({ provenance }) => provenance)), source };
}
