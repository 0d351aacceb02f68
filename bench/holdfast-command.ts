import { join } from "node:path";
import type { Command } from "./measure-command.ts";

const runner = join(import.meta.dirname, "holdfast-run.ts");

/** One work of Holdfast in a process of its own: see holdfast-run.ts. */
export function holdfastCommand(work: string, options: Readonly<Record<string, string>>): Command {
  const flags = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
  return { file: process.execPath, arguments: [runner, work, ...flags] };
}
