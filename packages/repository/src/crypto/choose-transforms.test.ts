import { expect, test } from "vitest";
import { builtInTransforms } from "./built-in-transforms.ts";
import { chooseTransforms, selfTest } from "./choose-transforms.ts";
import { createFfiTransforms } from "./ffi-transforms.ts";
import type { Transforms } from "./transforms.ts";

const ffi = createFfiTransforms();

test("the transforms by FFI are chosen where they may be, and the built-in ones else", async () => {
  expect((await chooseTransforms({ mayUseFfi: true })).name).toBe("ffi");
  expect((await chooseTransforms({ mayUseFfi: false })).name).toBe("built-in");
});

const wrong: Readonly<Record<string, Partial<Transforms>>> = {
  "writes other bytes": {
    seal: (plain, target, by) =>
      ffi.seal(
        plain.map((byte) => byte ^ 1),
        target,
        by,
      ),
  },
  "claims a length": { compress: (plain, target) => (ffi.compress(plain, target) ?? 0) - 1 },
  "does not see damage": {
    open(sealed, target, by) {
      try {
        return ffi.open(sealed, target, by);
      } catch {
        return sealed.length - 16;
      }
    },
  },
  "decompresses to nothing": { decompress: () => {} },
};

for (const [what, change] of Object.entries(wrong)) {
  test(`the self test refuses transforms of which one ${what}`, () => {
    expect(() => selfTest({ ...ffi, ...change }, builtInTransforms)).toThrow();
  });
}

test("bytes that do not compress are answered as such, and broken frames raise", () => {
  const noise = crypto.getRandomValues(new Uint8Array(4096));
  for (const transforms of [ffi, builtInTransforms]) {
    expect(transforms.compress(noise, new Uint8Array(8192))).toBeNull();
    expect(() => transforms.decompress(noise, new Uint8Array(8192))).toThrow();
    const target = new Uint8Array(4096);
    const length = transforms.compress(new Uint8Array(4096), target)!;
    expect(() => transforms.decompress(target.subarray(0, length), new Uint8Array(4095))).toThrow();
    expect(() => transforms.decompress(target.subarray(0, length), new Uint8Array(4097))).toThrow(RangeError);
  }
});
