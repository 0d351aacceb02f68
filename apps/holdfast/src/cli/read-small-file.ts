import { open } from "node:fs/promises";
import { HoldfastError } from "@holdfast/kernel";

/** More than anybody types by hand, and little enough to hold in memory. */
const limitBytes = 256 * 1024;

/** Reads a file that a person wrote; raises `cli.usage.file` where it is missing, unreadable or too large. */
export async function readSmallFile(path: string): Promise<string> {
  try {
    await using file = await open(path, "r");
    const buffer = Buffer.alloc(limitBytes + 1);
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
    if (bytesRead > limitBytes) throw fileRefused(path, `it is larger than ${limitBytes} bytes`);
    return new TextDecoder("utf-8", { fatal: true }).decode(buffer.subarray(0, bytesRead));
  } catch (error) {
    if (error instanceof HoldfastError) throw error;
    throw fileRefused(path, error instanceof Error ? error.message : String(error), error);
  }
}

function fileRefused(path: string, why: string, cause?: unknown): HoldfastError {
  return new HoldfastError({
    code: "cli.usage.file",
    message: `the file ${path} cannot be used: ${why}`,
    advice: "Check its path, its rights, and that it is text in UTF-8.",
    details: { path },
    cause,
  });
}
