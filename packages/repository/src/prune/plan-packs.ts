/** How much of a pack is needed. Of a chunk that several packs hold, only one copy counts as needed. */
export interface PackUse {
  readonly packId: string;
  readonly bytes: number;
  /** Bytes of chunks that living points need. */
  readonly livingBytes: number;
  /** Bytes of chunks that only points need which expire in the epoch that is planned. */
  readonly expiringBytes: number;
}

export interface PackPlanInput {
  /** The number of the epoch that is planned. */
  readonly epoch: number;
  /** Packs that earlier epochs condemned, and since when. */
  readonly condemned: Readonly<Record<string, number>>;
  readonly packs: readonly PackUse[];
  /** Packs in the store that no index object names. */
  readonly orphans: readonly string[];
  /** The lowest epoch that a writer which may still live had noted; infinite where there is none. */
  readonly oldestNoted: number;
  /** Packs of which more than this share is dead are written anew, */
  readonly deadShare: number;
  /** once what is dead in packs that are needed is more than this share of all packs. */
  readonly maxDead: number;
}

export interface PackPlan {
  /** Every pack that stays condemned or is so from now on, and since when; without the doomed ones. */
  readonly condemned: Readonly<Record<string, number>>;
  readonly rescued: readonly string[];
  /** Packs that may be deleted. */
  readonly doomed: readonly string[];
  /** Packs whose living chunks are to be written anew; then they are condemned too. */
  readonly rewritten: readonly string[];
  /** Packs that could be deleted but for a writer. */
  readonly waiting: readonly string[];
}

/** Decides what becomes of each pack. The rules and their reasons stand in docs/concurrency.md. */
export function planPacks(input: PackPlanInput): PackPlan {
  const { epoch } = input;
  const condemned: Record<string, number> = {};
  const rescued: string[] = [];
  const doomed: string[] = [];
  const rewritten: string[] = [];
  const waiting: string[] = [];
  const decideUnneeded = (packId: string): void => {
    const since = input.condemned[packId];
    if (since === undefined) condemned[packId] = epoch;
    else if (since < epoch && since <= input.oldestNoted) doomed.push(packId);
    else {
      condemned[packId] = since;
      waiting.push(packId);
    }
  };
  const seen = new Set(input.orphans);
  const isWorthIt = deadBytes(input) > input.maxDead * input.packs.reduce((sum, { bytes }) => sum + bytes, 0);
  for (const { packId, bytes, livingBytes, expiringBytes } of input.packs) {
    seen.add(packId);
    const isCondemned = packId in input.condemned;
    if (isCondemned && livingBytes > 0) rescued.push(packId);
    // Whoever builds on a point that expires now began before this epoch: he is waited for.
    else if (isCondemned && expiringBytes > 0) condemned[packId] = epoch;
    else if (livingBytes === 0) decideUnneeded(packId);
    else if (isWorthIt && livingBytes < bytes * (1 - input.deadShare)) rewritten.push(packId);
  }
  // What an earlier epoch condemned and nothing shows any more is treated as if it were there.
  for (const packId of new Set([...input.orphans, ...Object.keys(input.condemned).filter((id) => !seen.has(id))]))
    decideUnneeded(packId);
  return { condemned, rescued, doomed, rewritten, waiting };
}

/** What only writing packs anew would free. */
function deadBytes({ packs, condemned }: PackPlanInput): number {
  const needed = packs.filter(({ packId, livingBytes }) => livingBytes > 0 && !(packId in condemned));
  return needed.reduce((sum, { bytes, livingBytes }) => sum + bytes - livingBytes, 0);
}
