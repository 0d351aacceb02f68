/** 1 is Monday, 7 is Sunday, as in ISO 8601. */
export type Weekday = 1 | 2 | 3 | 4 | 5 | 6 | 7;

/** A span of every such day in which work may begin, in minutes after midnight of the wall clock; `to` at or before `from` is on the next day. */
export interface WorkWindow {
  readonly days: readonly Weekday[];
  readonly from: number;
  readonly to: number;
}

/** A span in which no work may begin, whatever the windows say. Milliseconds since the epoch; the end is not in it. */
export interface Blackout {
  readonly startMs: number;
  readonly endMs: number;
  readonly why: string;
}

/** When work may begin. Without windows it may at any time. */
export interface WorkCalendar {
  /** IANA name. */
  readonly timeZone: string;
  readonly windows: readonly WorkWindow[];
  readonly blackouts: readonly Blackout[];
}

/** A span of time in milliseconds since the epoch; the end is not in it. */
export interface TimeSpan {
  readonly start: number;
  readonly end: number;
}

export const alwaysOpen: WorkCalendar = { timeZone: "UTC", windows: [], blackouts: [] };
