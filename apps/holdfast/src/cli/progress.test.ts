import { FakeClock } from "@holdfast/kernel/testing";
import { expect, test } from "vitest";
import { createProgress } from "./progress.ts";
import type { Terminal } from "./terminal.ts";

function setUp(canRedraw: boolean) {
  const written: string[] = [];
  const terminal = { canRedraw, columns: 60, writeErr: (text: string) => void written.push(text) };
  const clock = new FakeClock();
  return { written, clock, progress: createProgress(terminal as Terminal, clock) };
}

const MiB = 1024 * 1024;

test("elsewhere than on a terminal, progress is a plain line every few seconds with rate and time left", async () => {
  const { written, clock, progress } = setUp(false);
  progress.phase("reading os");
  for (let second = 0; second <= 10; second += 1) {
    progress.advance(second * 10 * MiB, 200 * MiB);
    await clock.advance(1000);
  }
  expect(written).toEqual([
    "reading os\n",
    "reading os: 50.0 MiB of 200 MiB, 25%, 10.0 MiB/s, 15.0 s left\n",
    "reading os: 100 MiB of 200 MiB, 50%, 10.0 MiB/s, 10.0 s left\n",
  ]);
});

test("on a terminal, progress redraws one line, no longer than the terminal is wide, and clears it at the end", () => {
  const { written, progress } = setUp(true);
  progress.phase("reading a disk with a name that is much longer than the terminal is wide");
  progress.advance(0, MiB);
  progress[Symbol.dispose]();
  expect(written.at(-1)).toBe("\r\u001b[K");
  expect(written.every((text) => text.length <= 60 && !text.includes("\n"))).toBe(true);
});
