import { randomBytes } from "node:crypto";
import { SeededRandom } from "@holdfast/kernel/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { combineShares, divide, multiply, splitSecret } from "./shamir.ts";
import type { SharePoint } from "./shamir.ts";

test.each([
  // FIPS 197, 4.2 and 4.2.1, and the S-box's inverse pair of 4.3.
  [0x57, 0x83, 0xc1],
  [0x57, 0x13, 0xfe],
  [0x57, 0x02, 0xae],
  [0x57, 0x04, 0x47],
  [0x57, 0x08, 0x8e],
  [0x57, 0x10, 0x07],
  [0x53, 0xca, 0x01],
])("the field of FIPS 197: %i times %i is %i", (a, b, product) => {
  expect(multiply(a, b)).toBe(product);
  expect(divide(product, b)).toBe(a);
});

/** Multiplication as FIPS 197 defines it: by shifts, without tables. */
function slowMultiply(a: number, b: number): number {
  let product = 0;
  for (let bit = 0, shifted = a; bit < 8; bit += 1) {
    if ((b >> bit) & 1) product ^= shifted;
    shifted = (shifted << 1) ^ (shifted & 0x80 ? 0x11b : 0);
  }
  return product;
}

test("the tables agree with multiplication by shifts, for every pair", () => {
  for (let a = 0; a < 256; a += 1) for (let b = 0; b < 256; b += 1) expect(multiply(a, b)).toBe(slowMultiply(a, b));
});

test("shares of a secret with a fixed polynomial lie where pencil and paper put them", () => {
  // f(x) = 0x2a + 0x0d x: f(1) = 0x27, f(2) = 0x2a ^ 0x1a = 0x30, f(3) = 0x2a ^ 0x17 = 0x3d.
  const random = { bytes: () => Uint8Array.of(0x0d), uuid: () => "", fraction: () => 0 };
  const shares = splitSecret(Uint8Array.of(0x2a), { threshold: 2, count: 3 }, random);
  expect(shares.map(({ x, y }) => [x, y[0]])).toEqual([
    [1, 0x27],
    [2, 0x30],
    [3, 0x3d],
  ]);
});

const sets = fc
  .record({
    threshold: fc.integer({ min: 2, max: 8 }),
    more: fc.nat(6),
    seed: fc.nat(),
    order: fc.infiniteStream(fc.nat()),
  })
  .map(({ threshold, more, seed, order }) => ({ threshold, count: threshold + more, seed, order }));

function pick(shares: readonly SharePoint[], howMany: number, order: Iterator<number>): SharePoint[] {
  const left = [...shares];
  return Array.from({ length: howMany }, () => left.splice(order.next().value % left.length, 1)[0]!);
}

test("any threshold of shares, in any order, give the secret back", () => {
  fc.assert(
    fc.property(sets, fc.uint8Array({ minLength: 32, maxLength: 32 }), ({ threshold, count, seed, order }, secret) => {
      const shares = splitSecret(secret, { threshold, count }, new SeededRandom(seed));
      expect(combineShares(pick(shares, threshold, order))).toEqual(secret);
    }),
  );
});

test("one share too few, or one changed share, gives another secret", () => {
  fc.assert(
    fc.property(sets, ({ threshold, count, order }) => {
      const secret = randomBytes(32);
      const random = { bytes: (n: number) => randomBytes(n), uuid: () => "", fraction: () => 0 };
      const shares = splitSecret(secret, { threshold, count }, random);
      expect(secret.equals(combineShares(pick(shares, threshold - 1, order)))).toBe(false);
      const [first, ...others] = pick(shares, threshold, order);
      const changed = { x: first!.x, y: first!.y.with(5, first!.y[5]! ^ 1) };
      expect(secret.equals(combineShares([changed, ...others]))).toBe(false);
    }),
  );
});

test("fewer shares than the threshold fit every secret equally: each first byte is one polynomial away", () => {
  const random = { bytes: (n: number) => randomBytes(n), uuid: () => "", fraction: () => 0 };
  const [share] = splitSecret(Uint8Array.of(7), { threshold: 2, count: 2 }, random);
  for (let secret = 0; secret < 256; secret += 1) {
    const slope = divide(share!.y[0]! ^ secret, share!.x);
    expect(multiply(slope, share!.x) ^ secret).toBe(share!.y[0]);
  }
});
