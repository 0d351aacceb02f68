import { join } from "node:path";
import type { Command } from "./measure-command.ts";

const runner = join(import.meta.dirname, "holdfast-run.ts");
const compileCache = join(import.meta.dirname, "../.holdfast/compile-cache");

/** One work of Holdfast in a process of its own: see holdfast-run.ts. */
export function holdfastCommand(work: string, options: Readonly<Record<string, string>>): Command {
  const flags = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
  // As the launcher of the product sets it; the first run of a machine fills it.
  const environment = { NODE_COMPILE_CACHE: compileCache };
  return { file: process.execPath, arguments: [runner, work, ...flags], environment };
}
