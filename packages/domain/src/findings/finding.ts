/** `blocks` refuses, and needs measured facts; `warns` asks for a decision; `notes` tells. */
export type FindingSeverity = "blocks" | "warns" | "notes";

/** One thing that somebody should know of an application, a VM or a stamp. */
export interface Finding {
  /** Stable name in kebab case, for scripts and for grouping. */
  readonly kind: string;
  readonly severity: FindingSeverity;
  /** The application, VM or stamp that it is about. */
  readonly subject: string;
  readonly message: string;
  /** What can be done, as a sentence in the imperative. */
  readonly advice: string;
}
