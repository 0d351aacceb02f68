import type { Images } from "./images.ts";

/** A measurement of Holdfast alone, with a limit of its own. */
export interface OwnWork {
  readonly title: string;
  /** Answers lines for the table, one for each thing that was measured. */
  run(place: OwnPlace): Promise<OwnFigure[]>;
}

export interface OwnPlace {
  /** An empty folder for this work alone; removed afterwards. */
  readonly folder: string;
  readonly images: Images;
  readonly rounds: number;
  readonly say: (line: string) => void;
}

export interface OwnFigure {
  readonly what: string;
  readonly unit: string;
  /** One for each round, in order. */
  readonly values: readonly number[];
  /** What the median is to reach, and how; absent where the figure only explains another. */
  readonly goal?: { readonly atMost: number } | { readonly atLeast: number };
}
