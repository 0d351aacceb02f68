import type { Clock } from "@holdfast/kernel";

/** The stamp's clock as its Date headers tell it: good to about a second. */
export interface StampTime {
  /** Stamp's clock minus ours, in milliseconds; 0 before the first answer. */
  skewMs(): number;
  observe(dateHeader: string | undefined): void;
}

export function createStampTime(clock: Clock): StampTime {
  let skewMs = 0;
  return {
    skewMs: () => skewMs,
    observe: (dateHeader) => {
      const at = Date.parse(dateHeader ?? "");
      // The header is cut to whole seconds, so half a second is its mean error.
      if (!Number.isNaN(at)) skewMs = Math.round(at + 500 - clock.now());
    },
  };
}
