import { type ByteRange, HoldfastError } from "@holdfast/kernel";

export interface ListedRange {
  readonly range: ByteRange;
  readonly kind: "written" | "cleared";
}

/** Takes a PageList document piece by piece. */
export interface PageListScanner {
  push(piece: Uint8Array): void;
  /** The ranges in order of offset. Raises where the document was not whole. */
  end(): ListedRange[];
}

export interface PageListLimits {
  /** More ranges than this raise `TooManyRanges`, so that the caller asks for a smaller window. */
  readonly maxRanges: number;
}

/** Says that a window holds more ranges than one answer may carry; never leaves this room. */
export class TooManyRanges extends Error {
  constructor() {
    super("the window holds too many ranges");
    this.name = "TooManyRanges";
  }
}

/** Longest run of text that holds no complete range: far above the longest legal element. */
const maxPendingBytes = 4096;

// The document is flat and its text holds digits only, so a scan for its four shapes is a whole parser for it: names
// without prefix, no attributes that matter, no entities, no nesting besides this.
const element = /<(PageRange|ClearRange)>\s*<Start>\s*(\d{1,16})\s*<\/Start>\s*<End>\s*(\d{1,16})\s*<\/End>\s*<\/\1>/y;
const opening = /\s*(?:<\?xml[^>]{0,200}\?>\s*)?<PageList(?:\s[^>]{0,200}?)?(\/)?>/y;
const closing = /<\/PageList>\s*$/y;
const nextCursor = /<NextMarker\s*\/>|<NextMarker>\s*<\/NextMarker>/y;
const blank = /\s*/y;

/** Makes a scanner of a `PageList` document. The wire's inclusive ranges become half-open here. */
export function createPageListScanner(limits: PageListLimits): PageListScanner {
  const ranges: ListedRange[] = [];
  let text = "";
  let state: "start" | "inside" | "closed" = "start";

  const take = (pattern: RegExp, from: number): RegExpExecArray | null => {
    pattern.lastIndex = from;
    return pattern.exec(text);
  };
  const scan = (): void => {
    let at = 0;
    if (state === "start") {
      const found = take(opening, 0);
      if (found === null) return;
      at = opening.lastIndex;
      state = found[1] === "/" ? "closed" : "inside";
    }
    while (state === "inside") {
      take(blank, at);
      const start = blank.lastIndex;
      const found = take(element, start);
      if (found !== null) {
        ranges.push(toRange(found));
        if (ranges.length > limits.maxRanges) throw new TooManyRanges();
        at = element.lastIndex;
      } else if (take(nextCursor, start) !== null) {
        at = nextCursor.lastIndex;
      } else if (take(closing, start) !== null) {
        at = text.length;
        state = "closed";
      } else {
        at = start;
        break;
      }
    }
    text = text.slice(at);
  };
  return {
    push: (piece) => {
      // Legal documents are ASCII; anything else becomes text that no pattern takes.
      text += Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength).toString("latin1");
      if (state === "start") text = text.replace(/^\u00EF\u00BB\u00BF/, "");
      if (state === "closed" && text.trim() !== "") throw malformed("text after its end");
      scan();
      if (text.length > maxPendingBytes) throw malformed("an element that is none of a range list");
    },
    end: () => {
      if (state !== "closed" || text.trim() !== "") throw malformed("no end");
      return inOrder(ranges);
    },
  };
}

function toRange(found: RegExpExecArray): ListedRange {
  const start = Number(found[2]);
  const end = Number(found[3]) + 1;
  if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end) || end <= start)
    throw malformed("a range out of order");
  return { kind: found[1] === "PageRange" ? "written" : "cleared", range: { start, end } };
}

function inOrder(ranges: ListedRange[]): ListedRange[] {
  ranges.sort((a, b) => a.range.start - b.range.start);
  for (let index = 1; index < ranges.length; index += 1) {
    if (ranges[index]!.range.start < ranges[index - 1]!.range.end) throw malformed("ranges that overlap");
  }
  return ranges;
}

function malformed(finding: string): HoldfastError {
  return new HoldfastError({
    code: "stackhub.blob.bad-page-list",
    message: `the list of page ranges has ${finding}`,
    advice: "Run the command again; where this repeats, report the build of the stamp: nothing was read by this list.",
    kind: "fault",
    isRetryable: true,
    details: { finding },
  });
}
