import { mkdir, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { HoldfastError } from "@holdfast/kernel";
import type { Secret } from "@holdfast/kernel";
import type { MadeRepository } from "../composition/services.ts";
import type { CommandContext } from "./context.ts";

/** Found out before a secret is asked for and before anything is made. */
export function requireKitKeeper(recoveryKit: string | undefined, { terminal }: CommandContext): void {
  if (recoveryKit !== undefined || terminal.isInteractive) return;
  throw new HoldfastError({
    code: "cli.input.needed",
    message: "a recovery kit must be kept before its slot is made, and there is no terminal to show it on",
    advice: "Name a file for it by --recovery-kit, print the file, and keep the paper away from the repository.",
  });
}

/** Writes the kit to a new file, or shows it and asks for its last group: done before it opens anything. */
export async function keepKit(made: MadeRepository, path: string | undefined, context: CommandContext): Promise<void> {
  if (path === undefined) return await showKit(made, context);
  await writeSheet(path, made.recoveryKit);
  context.output.note(
    `the recovery kit is in ${path}: print it, keep it away from the repository, then delete the file`,
  );
}

/** Writes each share to a file of its own in a new folder. */
export async function keepShares(sheets: readonly Secret[], folder: string, context: CommandContext): Promise<void> {
  await mkdir(folder, { mode: 0o700 }).catch((error: unknown) => {
    throw unwritten(folder, error);
  });
  try {
    for (const [i, sheet] of sheets.entries())
      await writeSheet(join(folder, `share-${i + 1}-of-${sheets.length}.txt`), sheet);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
  context.output.note(
    `the shares are in ${folder}: print each on its own page, give each to another holder, then delete the folder`,
  );
}

/** Writes a file that did not exist, on the disk when this returns. */
async function writeSheet(path: string, sheet: Secret): Promise<void> {
  try {
    await using file = await open(path, "wx", 0o600);
    await file.writeFile(sheet.reveal());
    await file.sync();
  } catch (error) {
    // A kit cut short by a full disk must not be taken for one; a file that was there before is not ours to remove.
    if (!isThere(error)) await rm(path, { force: true });
    throw unwritten(path, error);
  }
}

async function showKit(made: MadeRepository, { terminal, signal }: CommandContext): Promise<void> {
  terminal.writeErr(`\n${made.recoveryKit.reveal()}\n`);
  const typed = await terminal.ask("Print or write it down. Then type the last group of its code: ", { signal });
  if (typed.trim().toLowerCase() === made.lastGroup.reveal().toLowerCase()) return;
  throw new HoldfastError({
    code: "cli.kit.unconfirmed",
    message: "that is not the last group of the recovery kit's code",
    advice: "Run the command again and keep the kit; nothing was made.",
  });
}

function unwritten(path: string, cause: unknown): HoldfastError {
  return new HoldfastError({
    code: "cli.kit.unwritten",
    message: `${path} could not be written${isThere(cause) ? ": it is there already" : ""}`,
    advice: "Name a new one on a volume with space; nothing was made.",
    details: { path },
    cause,
  });
}

function isThere(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EEXIST";
}
