import { expect, test } from "vitest";
import { createVolatileDisk } from "./volatile-disk.ts";

const block = 4096;
const filled = (byte: number, blocks = 1): Buffer => Buffer.alloc(blocks * block, byte);
const never = (): number => 0.9;
const always = (): number => 0.1;
const cached = { isThrough: false };

test("what was flushed outlives a cut, what was not is kept by the toss", () => {
  for (const [toss, expected] of [
    [never, 1],
    [always, 2],
  ] as const) {
    const disk = createVolatileDisk(filled(0, 4));
    disk.write(block, filled(1, 2), cached);
    disk.flush();
    disk.write(2 * block, filled(2), cached);
    expect(disk.unflushedBlocks).toBe(1);
    expect(disk.read(2 * block, block)).toEqual(filled(2));
    const left = disk.cut(toss);
    expect(left.read(block, block)).toEqual(filled(1));
    expect(left.read(2 * block, block)).toEqual(filled(expected));
    expect(left.unflushedBlocks).toBe(0);
  }
});

test("a cut tears a write between its blocks", () => {
  const disk = createVolatileDisk(filled(0, 4));
  disk.write(0, filled(1, 4), cached);
  const tosses = [0.1, 0.9, 0.1, 0.9];
  const left = disk.cut(() => tosses.shift()!);
  expect([0, 1, 2, 3].map((at) => left.read(at * block, 1)[0])).toEqual([1, 0, 1, 0]);
});

test("a write through outlives a cut, without the others", () => {
  const disk = createVolatileDisk(filled(0, 2));
  disk.write(0, filled(1), cached);
  disk.write(block, filled(2), { isThrough: true });
  const left = disk.cut(never);
  expect([0, 1].map((at) => left.read(at * block, 1)[0])).toEqual([0, 2]);
});

test("the disk that was cut and the one that is left share nothing", () => {
  const disk = createVolatileDisk(filled(0));
  const left = disk.cut(never);
  disk.write(0, filled(1), { isThrough: true });
  expect(left.read(0, 1)[0]).toBe(0);
});
