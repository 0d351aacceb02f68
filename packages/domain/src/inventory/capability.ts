/** How a number or a claim came to be known. Only what was measured may make Holdfast refuse; the rest warns. */
export type Provenance = "measured" | "probed" | "documented" | "assumed";

/** One thing that a stamp can or cannot do, as found by asking or by trying. */
export interface Capability {
  readonly name:
    | "incremental-snapshots"
    | "changed-ranges"
    | "blob-changed-ranges"
    | "page-granularity"
    | "direct-upload"
    | "running-snapshots"
    | "vm-sizes"
    | "quota"
    | "api-versions"
    | "identity"
    | "clock-skew";
  readonly state: "yes" | "no" | "unknown";
  /** One line for the table: the value found, or why it could not be found. */
  readonly finding: string;
  readonly provenance: Provenance;
}

/** What `stamp probe` found on one stamp. `buildHint` is free text: a tenant cannot read the build number for sure. */
export interface StampProbe {
  readonly stampName: string;
  readonly probedAtMs: number;
  readonly capabilities: readonly Capability[];
}

export interface QuotaUsage {
  /** The platform's own name, such as `cores`, `virtualMachines`, `PremiumDiskSizeInGB`. */
  readonly name: string;
  readonly unit: string;
  readonly current: number;
  readonly limit: number;
}

export interface VmSize {
  readonly name: string;
  readonly cores: number;
  readonly memoryMiB: number;
  readonly maxDataDisks: number;
}
