import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeVhdFooter, encodeVhdFooter, vhdGeometry } from "./vhd-footer.ts";

const anyFooter = fc.record({
  sizeBytes: fc.integer({ min: 1, max: 2 ** 31 }).map((sectors) => sectors * 512),
  uniqueId: fc.uint8Array({ minLength: 16, maxLength: 16 }),
  createdAtMs: fc.integer({ min: 0, max: 2 ** 31 }).map((seconds) => Date.UTC(2000, 0, 1) + seconds * 1000),
});

describe("VHD footer", () => {
  test("decodes what it encoded", () => {
    fc.assert(
      fc.property(anyFooter, (footer) => {
        expect(decodeVhdFooter(encodeVhdFooter(footer))).toEqual(footer);
      }),
    );
  });

  test("sees any one changed byte before its reserved tail", () => {
    fc.assert(
      fc.property(anyFooter, fc.nat(84), fc.integer({ min: 1, max: 255 }), (footer, at, change) => {
        const bytes = encodeVhdFooter(footer);
        bytes[at] = (bytes[at]! + change) % 256;
        expect(decodeVhdFooter(bytes)).toBeNull();
      }),
    );
  });

  // Values of the specification's algorithm, worked out by hand.
  test.each([
    [1024 ** 2, { cylinders: 30, heads: 4, sectorsPerTrack: 17 }],
    [1024 ** 3, { cylinders: 2080, heads: 16, sectorsPerTrack: 63 }],
    [1023 * 1024 ** 3, { cylinders: 65535, heads: 16, sectorsPerTrack: 255 }],
  ])("geometry of %s bytes", (sizeBytes, geometry) => expect(vhdGeometry(sizeBytes)).toEqual(geometry));

  test("has the fixed fields of the specification", () => {
    const bytes = encodeVhdFooter({ sizeBytes: 1024 ** 2, uniqueId: new Uint8Array(16), createdAtMs: 0 });
    const view = new DataView(bytes.buffer);
    expect(Buffer.from(bytes.subarray(0, 8)).toString()).toBe("conectix");
    expect([view.getUint32(8), view.getUint32(12), view.getUint32(60)]).toEqual([2, 0x10000, 2]);
    expect(view.getBigUint64(16)).toBe(0xffff_ffff_ffff_ffffn);
  });
});
