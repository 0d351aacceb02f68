import type { Images } from "./images.ts";
import type { Command } from "./measure-command.ts";

/** What is measured with the images; `scan` is the incremental without a list of changes. */
export const pairedWorks = ["full", "scan", "incremental", "second", "restore", "check", "prune"] as const;
export type PairedWork = (typeof pairedWorks)[number];

/** One program in one round: it has a folder of its own, and does the works one after the other. */
export interface Contender {
  readonly name: string;
  readonly version: string;
  /** Levels and options that change what it does, for the report. */
  readonly settings: string;
  /** Where its repository is, in its folder; what lies under it counts as stored. */
  readonly repository: string;
  /** What comes before the first work, unmeasured: it makes an empty repository. */
  readonly prepare: readonly Command[];
  /** What a work runs, one after the other, all measured; absent where the program has no such work. */
  readonly works: Readonly<Partial<Record<PairedWork, readonly Command[]>>>;
  /** What comes before a work, unmeasured. */
  readonly before?: Readonly<Partial<Record<PairedWork, readonly Command[]>>>;
  /** Where `restore` leaves its file, to be compared with a2. */
  readonly restored?: string;
  /** Repositories besides the main one, for works that must not leave anything behind in it. */
  readonly repositoryOf?: Readonly<Partial<Record<PairedWork, string>>>;
}

export type MakeContender = (folder: string, images: Images) => Contender;
