import { join } from "node:path";
import type { OwnWork } from "./own-work.ts";
import { measureCommand } from "./measure-command.ts";

const millions = 100;

/** How a repository of very many chunks opens; a single run, since making the index takes minutes. */
export const largeIndex: OwnWork = {
  title: `opening an index of ${millions} million chunks`,
  async run({ folder, say }) {
    const script = join(import.meta.dirname, "index-image.ts");
    const command = { file: process.execPath, arguments: [script, String(millions), "--in", folder] };
    const { output } = await measureCommand(command, folder);
    say(output.trim());
    const openMs = Number(/opened in (\d+) ms/.exec(output)?.[1]);
    const [, amount, unit] = /peak memory of the process ([\d.]+) (MiB|GiB)/.exec(output) ?? [];
    return [
      { what: "opening", unit: "s", values: [openMs / 1000], goal: { atMost: 2 } },
      {
        what: "peak memory of the process that opens",
        unit: "MiB",
        values: [Number(amount) * (unit === "GiB" ? 1024 : 1)],
        goal: { atMost: 512 },
      },
    ];
  },
};
