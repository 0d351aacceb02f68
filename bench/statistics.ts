/** Middle and ends of some figures. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** Of an even number of figures the median is the mean of the middle two. Raises where there are none. */
export function spreadOf(figures: readonly number[]): Spread {
  if (figures.length === 0) throw new RangeError("no figures");
  const sorted = figures.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) / 2;
  const median = (sorted[Math.floor(at)]! + sorted[Math.ceil(at)]!) / 2;
  return { median, min: sorted[0]!, max: sorted.at(-1)! };
}
