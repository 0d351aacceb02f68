import { invariant } from "@holdfast/kernel";
import type { Random } from "@holdfast/kernel";

/** One point on the polynomials of a secret: `x` is its number, from 1; `y` has as many bytes as the secret. */
export interface SharePoint {
  readonly x: number;
  readonly y: Uint8Array;
}

/** Logarithms to the generator 3 of GF(256) with the polynomial of AES, x^8+x^4+x^3+x+1, and their inverse twice over. */
const { logs, powers } = makeTables();

/** Multiplies in GF(256). Not in constant time: whoever can time this process has its memory. */
export function multiply(a: number, b: number): number {
  return a === 0 || b === 0 ? 0 : powers[logs[a]! + logs[b]!]!;
}

/** Divides in GF(256); `b` is not 0. */
export function divide(a: number, b: number): number {
  invariant(b !== 0, "nothing is divided by zero");
  return a === 0 ? 0 : powers[logs[a]! + 255 - logs[b]!]!;
}

/**
 * Cuts a secret into shares of which any `threshold` give it back, and fewer say nothing of it (Shamir 1979): a polynomial of
 * degree `threshold - 1` for each byte, with the secret at 0.
 */
export function splitSecret(
  secret: Uint8Array,
  { threshold, count }: { readonly threshold: number; readonly count: number },
  random: Random,
): SharePoint[] {
  invariant(threshold >= 2 && threshold <= count && count <= 255, `${threshold} of ${count} shares make no sense`);
  const coefficients = [secret, ...Array.from({ length: threshold - 1 }, () => random.bytes(secret.length))];
  return Array.from({ length: count }, (_, i) => {
    const x = i + 1;
    const y = secret.map((_byte, at) => coefficients.reduceRight((sum, row) => multiply(sum, x) ^ row[at]!, 0));
    return { x, y };
  });
}

/** Interpolates at 0. The caller hands in as many different shares as the threshold; others give another value, unnoticed. */
export function combineShares(shares: readonly SharePoint[]): Uint8Array {
  invariant(new Set(shares.map(({ x }) => x)).size === shares.length, "every share has a number of its own");
  const secret = new Uint8Array(shares[0]?.y.length ?? 0);
  for (const { x, y } of shares) {
    let weight = 1;
    for (const other of shares) if (other.x !== x) weight = multiply(weight, divide(other.x, other.x ^ x));
    for (const [at, byte] of y.entries()) secret[at]! ^= multiply(byte, weight);
  }
  return secret;
}

function makeTables(): { readonly logs: Uint8Array; readonly powers: Uint8Array } {
  const logTable = new Uint8Array(256);
  const powerTable = new Uint8Array(510);
  for (let exponent = 0, value = 1; exponent < 255; exponent += 1) {
    powerTable[exponent] = value;
    powerTable[exponent + 255] = value;
    logTable[value] = exponent;
    const doubled = (value << 1) ^ (value & 0x80 ? 0x11b : 0);
    value ^= doubled;
  }
  return { logs: logTable, powers: powerTable };
}
