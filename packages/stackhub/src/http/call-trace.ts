/** One attempt of one HTTP call, fit for a log: no tokens, no SAS, no bodies. */
export interface CallTrace {
  readonly method: string;
  readonly url: string;
  readonly attempt: number;
  readonly elapsedMs: number;
  /** Null where no answer came. */
  readonly status: number | null;
  readonly clientRequestId: string;
}
