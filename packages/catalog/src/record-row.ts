/** One entry of a log that only grows. */
export interface RecordRow {
  /** Which kind of log: `application`, `incident`, `policies` or `audit`. */
  log: string;
  /** Name of the application, or id of the incident; empty where there is one log. */
  subject: string;
  /** From 1 within the log of its subject, without a gap. */
  number: number;
  at_ms: number;
  entered_by: string;
  /** JSON of what was entered. */
  document: string;
  /** SHA-256 over the digest before and this entry. */
  digest: string;
}
