import { invariant } from "@holdfast/kernel";
import { reckonFigure } from "../evidence/figure.ts";
import type { Figure } from "../evidence/figure.ts";

/** One stretch of time that a loss or a recovery is made of. Of several bounds that run at once the longest counts. */
export interface Term {
  readonly name: string;
  /** Milliseconds, on the safe side; never empty. */
  readonly boundsMs: readonly Figure[];
  /** What no better order of the work could undercut, in milliseconds; the bounds themselves without it. */
  readonly leastMs?: readonly Figure[];
}

/** Whether a sum of terms stays within what is tolerated. Spans in milliseconds. */
export interface TermVerdict {
  readonly predictedMs: Figure;
  /** The least that follows from measured figures alone, however well the work is ordered. */
  readonly measuredMs: number;
  /** `blocks` where what was measured is already too much; `warns` where the rest makes it so; null where it fits. */
  readonly severity: "blocks" | "warns" | null;
  /** The longest term. */
  readonly boundBy: string;
}

/** Adds terms up and compares. Documented and assumed figures can warn; only measured ones refuse. */
export function judgeTerms(terms: readonly Term[], toleratedMs: number): TermVerdict {
  const lengths = terms.map(({ name, boundsMs, leastMs = boundsMs }) => {
    const longest = boundsMs.reduce((worst, one) => (one.value > worst.value ? one : worst));
    const measured = leastMs.filter(({ provenance }) => provenance === "measured").map(({ value }) => value);
    return { name, longest, measuredMs: Math.max(0, ...measured) };
  });
  const [first] = lengths;
  invariant(first !== undefined, "there is a term");
  const sumMs = lengths.reduce((sum, { longest }) => sum + longest.value, 0);
  const measuredMs = lengths.reduce((sum, one) => sum + one.measuredMs, 0);
  const predictedMs = reckonFigure(
    sumMs,
    lengths.map(({ longest }) => longest),
    lengths.map(({ name }) => name).join(" + "),
  );
  const severity = sumMs <= toleratedMs ? null : measuredMs > toleratedMs ? "blocks" : "warns";
  const boundBy = lengths.reduce((worst, one) => (one.longest.value > worst.longest.value ? one : worst), first).name;
  return { predictedMs, measuredMs, severity, boundBy };
}
