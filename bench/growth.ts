import { randomFillSync } from "node:crypto";
import { open, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { GiB, KiB, MiB, TiB } from "@holdfast/kernel";
import { holdfastCommand } from "./holdfast-command.ts";
import { measureCommand } from "./measure-command.ts";
import type { OwnFigure, OwnWork } from "./own-work.ts";

const changedBytes = 100 * MiB;
/** A guest's writes fall everywhere: 400 places, spread evenly over the disk. */
const pieceBytes = 256 * KiB;
const sizes = { "8 GiB": 8 * GiB, "1 TiB": TiB } as const;
type Size = keyof typeof sizes;

interface Disk {
  readonly image: string;
  readonly ranges: string;
  readonly repository: string;
}

/** What an incremental capture of the same changes costs on a small disk and on a large one. */
export const growth: OwnWork = {
  title: "100 MiB changed on a sparse disk of 8 GiB and of 1 TiB",
  async run({ folder, rounds, say }) {
    const disks = { "8 GiB": await makeDisk(folder, "8 GiB"), "1 TiB": await makeDisk(folder, "1 TiB") };
    const seconds: Record<Size, number[]> = { "8 GiB": [], "1 TiB": [] };
    const peaks: Record<Size, number[]> = { "8 GiB": [], "1 TiB": [] };
    for (let round = 0; round < rounds; round += 1) {
      for (const size of Object.keys(sizes) as Size[]) {
        const { image, ranges, repository } = disks[size];
        await fillDisk(disks[size], size);
        const options = { image, ranges, repository, base: `p${round}`, point: `p${round + 1}` };
        const cost = await measureCommand(holdfastCommand("capture", options), folder);
        say(`round ${round + 1}/${rounds}  growth      ${size}     ${cost.wallSeconds.toFixed(2)} s`);
        seconds[size].push(cost.wallSeconds);
        peaks[size].push(cost.peakBytes / MiB);
      }
    }
    return figures(seconds, peaks);
  },
};

function figures(seconds: Record<Size, number[]>, peaks: Record<Size, number[]>): OwnFigure[] {
  const ratios = seconds["1 TiB"].map((large, i) => large / seconds["8 GiB"][i]!);
  return [
    { what: "8 GiB", unit: "s", values: seconds["8 GiB"] },
    { what: "1 TiB", unit: "s", values: seconds["1 TiB"] },
    { what: "1 TiB against 8 GiB", unit: "×", values: ratios, goal: { atMost: 1.5 } },
    { what: "8 GiB, peak memory", unit: "MiB", values: peaks["8 GiB"] },
    { what: "1 TiB, peak memory", unit: "MiB", values: peaks["1 TiB"], goal: { atMost: 400 } },
  ];
}

async function makeDisk(folder: string, size: Size): Promise<Disk> {
  const name = size.replace(" ", "");
  const disk = {
    image: join(folder, `${name}.raw`),
    ranges: join(folder, `${name}.json`),
    repository: join(folder, `repository-${name}`),
  };
  const { image, ranges, repository } = disk;
  await writeFile(ranges, JSON.stringify({ ranges: offsets(size).map((offset) => [offset, pieceBytes]) }));
  await fillDisk(disk, size);
  await measureCommand(holdfastCommand("init", { repository }), folder);
  await measureCommand(holdfastCommand("capture", { image, ranges, repository, point: "p0" }), folder);
  return disk;
}

function offsets(size: Size): number[] {
  const count = changedBytes / pieceBytes;
  const step = Math.floor(sizes[size] / count / pieceBytes) * pieceBytes;
  return Array.from({ length: count }, (_, i) => i * step);
}

/** Writes other bytes to every place. */
async function fillDisk({ image }: Disk, size: Size): Promise<void> {
  await using file = await open(image, "a+").then(async (made) => {
    await made.close();
    return open(image, "r+");
  });
  await file.truncate(sizes[size]);
  const piece = Buffer.alloc(pieceBytes);
  for (const offset of offsets(size)) await file.write(randomFillSync(piece), 0, piece.length, offset);
  await file.sync();
}
