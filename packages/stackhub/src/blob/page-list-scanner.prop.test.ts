import { HoldfastError } from "@holdfast/kernel";
import fc from "fast-check";
import { expect, test } from "vitest";
import { createPageListScanner, type ListedRange, TooManyRanges } from "./page-list-scanner.ts";

const limits = { maxRanges: 1000 };

function scan(
  document: string | Uint8Array,
  cuts: readonly number[] = [],
  maxRanges = limits.maxRanges,
): ListedRange[] {
  const bytes = Buffer.from(document as string);
  const scanner = createPageListScanner({ maxRanges });
  let from = 0;
  for (const cut of [...cuts].sort((a, b) => a - b)) {
    const to = Math.min(cut, bytes.byteLength);
    if (to > from) scanner.push(bytes.subarray(from, to));
    from = Math.max(from, to);
  }
  scanner.push(bytes.subarray(from));
  return scanner.end();
}

const rangesArbitrary = fc
  .array(
    fc.record({
      gap: fc.integer({ min: 0, max: 99 }),
      pages: fc.integer({ min: 1, max: 50 }),
      isCleared: fc.boolean(),
    }),
    {
      maxLength: 60,
    },
  )
  .map((parts) => {
    let at = 0;
    return parts.map(({ gap, pages, isCleared }): ListedRange => {
      const start = at + gap * 512;
      at = start + pages * 512;
      return { kind: isCleared ? "cleared" : "written", range: { start, end: at } };
    });
  });

function render(ranges: readonly ListedRange[], space: string, order: "mixed" | "grouped"): string {
  const sorted =
    order === "mixed" ? ranges : ranges.toSorted((a, b) => (a.kind < b.kind ? 1 : a.kind > b.kind ? -1 : 0));
  const items = sorted.map(({ kind, range }) => {
    const name = kind === "written" ? "PageRange" : "ClearRange";
    return `<${name}>${space}<Start>${range.start}</Start>${space}<End>${range.end - 1}</End>${space}</${name}>`;
  });
  return `<?xml version="1.0" encoding="utf-8"?>${space}<PageList>${space}${items.join(space)}${space}</PageList>${space}`;
}

test("any list is read back, wherever its document is cut into pieces", () => {
  fc.assert(
    fc.property(
      rangesArbitrary,
      fc.constantFrom("", "\n", "  \r\n "),
      fc.constantFrom("mixed" as const, "grouped" as const),
      fc.array(fc.nat(5000), { maxLength: 20 }),
      (ranges, space, order, cuts) => {
        expect(scan(render(ranges, space, order), cuts)).toEqual(ranges);
      },
    ),
  );
});

test("a document that is cut short raises, never gives a part", () => {
  fc.assert(
    fc.property(rangesArbitrary, fc.double({ min: 0, max: 1, noNaN: true }), (ranges, where) => {
      const document = render(ranges, "", "mixed");
      const length = Math.floor(where * (document.length - 1));
      expect(() => scan(document.slice(0, length))).toThrow(HoldfastError);
    }),
  );
});

test("any bytes end in a list or in an error of ours", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 9000 }), fc.string(), (bytes, text) => {
      for (const document of [bytes, `<PageList>${text}</PageList>`, `<PageList><PageRange>${text}`]) {
        try {
          scan(document);
        } catch (error) {
          expect(error).toBeInstanceOf(HoldfastError);
        }
      }
    }),
  );
});

test.each([
  ["<PageList/>", []],
  ['\u{FEFF}<?xml version="1.0" encoding="utf-8"?><PageList />', []],
  ["<PageList><NextMarker /></PageList>", []],
])("%j is an empty list", (document, expected) => {
  expect(scan(document)).toEqual(expected);
});

test.each([
  ["nothing", ""],
  ["another document", "<Error><Code>x</Code></Error>"],
  ["a range with its ends swapped", "<PageList><PageRange><Start>512</Start><End>0</End></PageRange></PageList>"],
  ["a missing end", "<PageList><PageRange><Start>0</Start></PageRange></PageList>"],
  ["a cursor to a next page", "<PageList><NextMarker>x</NextMarker></PageList>"],
  ["a negative number", "<PageList><PageRange><Start>-1</Start><End>2</End></PageRange></PageList>"],
  ["text after its end", "<PageList></PageList><PageList></PageList>"],
  [
    "overlapping ranges",
    "<PageList><PageRange><Start>0</Start><End>1023</End></PageRange><ClearRange><Start>512</Start><End>2047</End></ClearRange></PageList>",
  ],
])("a document with %s raises", (_, document) => {
  expect(() => scan(document)).toThrow(expect.objectContaining({ code: "stackhub.blob.bad-page-list" }));
});

test("an endless element raises before it fills memory", () => {
  const scanner = createPageListScanner(limits);
  scanner.push(Buffer.from("<PageList>"));
  expect(() => scanner.push(Buffer.alloc(5000, "<"))).toThrow(HoldfastError);
});

test("more ranges than the limit ask for a smaller window", () => {
  const range = (n: number): ListedRange => ({ kind: "written", range: { start: n * 1024, end: n * 1024 + 512 } });
  expect(() => scan(render([range(0), range(1), range(2)], "", "mixed"), [], 2)).toThrow(TooManyRanges);
});
