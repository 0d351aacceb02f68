/** Something that takes slots while it runs: of a stamp, a repository, a disk family. */
export interface SlotNeed {
  readonly needs: readonly string[];
}

export interface Admission<T> {
  readonly admitted: readonly T[];
  /** What waits, and the first slot that is not free. */
  readonly waiting: readonly { readonly one: T; readonly forSlot: string }[];
}

/**
 * Lets in what finds all of its slots free, in the order given. What must wait keeps its slots from those behind it, so
 * that nothing that needs much is overtaken for ever; slots that it does not need stay free for others. A name without a
 * capacity is not limited.
 */
export function admit<T extends SlotNeed>(wanted: readonly T[], free: ReadonlyMap<string, number>): Admission<T> {
  const left = new Map(free);
  const admitted: T[] = [];
  const waiting: { readonly one: T; readonly forSlot: string }[] = [];
  for (const one of wanted) {
    const forSlot = one.needs.find((name) => (left.get(name) ?? Infinity) < 1);
    for (const name of one.needs) if (left.has(name)) left.set(name, left.get(name)! - 1);
    if (forSlot === undefined) admitted.push(one);
    else waiting.push({ one, forSlot });
  }
  return { admitted, waiting };
}
