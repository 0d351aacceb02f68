import { readFile, readdir } from "node:fs/promises";
import { HoldfastError } from "@holdfast/kernel";
import type { CommandHandler } from "../cli/context.ts";
import { formatFields, formatTable } from "../cli/table.ts";
import { nearestNames } from "../selection/nearest-names.ts";

const folder = new URL("../../../../docs/errors/", import.meta.url);
const row = /^\|\s*`([a-z0-9.-]+)`\s*\|\s*(.+?)\s*\|\s*(.+?)\s*\|\s*$/;

export interface ErrorEntry {
  readonly code: string;
  readonly meaning: string;
  readonly advice: string;
}

/** Reads the tables of docs/errors, which a test keeps equal to the codes in the source. */
export async function readErrorTables(): Promise<readonly ErrorEntry[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".md")).toSorted();
  const texts = await Promise.all(names.map((name) => readFile(new URL(name, folder), "utf8")));
  return texts
    .flatMap((text) => text.split("\n"))
    .flatMap((line) => {
      const [, code, meaning, advice] = row.exec(line) ?? [];
      return code === undefined || meaning === undefined || advice === undefined ? [] : [{ code, meaning, advice }];
    })
    .toSorted((one, other) => one.code.localeCompare(other.code));
}

export const runErrors: CommandHandler<{ readonly code: string | undefined }> = async ({ code }, { output }) => {
  const entries = await readErrorTables();
  if (code === undefined) {
    output.result(entries, () =>
      formatTable(
        ["CODE", "MEANING"],
        entries.map((entry) => [entry.code, entry.meaning]),
      ),
    );
    return;
  }
  const entry = entries.find((candidate) => candidate.code === code);
  if (entry === undefined) {
    const near = nearestNames(
      code,
      entries.map((candidate) => candidate.code),
    );
    throw new HoldfastError({
      code: "cli.code.not-found",
      message: `there is no error code ${code}`,
      advice: near.length > 0 ? `Did you mean ${near.join(" or ")}?` : "Run `holdfast errors` to list them all.",
      details: { asked: code },
    });
  }
  output.result(entry, () =>
    formatFields([
      ["code", entry.code],
      ["meaning", entry.meaning],
      ["next", entry.advice],
    ]),
  );
};
