import { open } from "node:fs/promises";
import { HoldfastError, Secret } from "@holdfast/kernel";
import type { Output } from "./output.ts";

/** A key with its certificate chain is a few KiB; what is larger was named by mistake. */
const largestSecretBytes = 64 * 1024;

/**
 * Reads a secret from a file, without the line end that editors add. Warns where others can read the file. Raises
 * `cli.secret.unreadable` and `cli.secret.empty`; neither shows any of the content.
 */
export async function readSecretFile(path: string, what: string, output: Pick<Output, "note">): Promise<Secret> {
  const text = await readLimited(path, what);
  if ((text.mode & 0o077) !== 0) {
    output.note(`warning: ${path} can be read by other users of this machine; chmod 600 it`);
  }
  const value = text.content.replace(/\r?\n$/, "");
  if (value !== "") return new Secret(value);
  throw new HoldfastError({
    code: "cli.secret.empty",
    message: `the file ${path} with ${what} is empty`,
    advice: "Put the secret in the file, alone, and run the command again.",
    details: { path },
  });
}

async function readLimited(path: string, what: string): Promise<{ readonly content: string; readonly mode: number }> {
  try {
    await using file = await open(path, "r");
    const buffer = new Uint8Array(largestSecretBytes + 1);
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
    if (bytesRead > largestSecretBytes) throw new Error(`it is larger than ${largestSecretBytes} bytes`);
    const content = Buffer.from(buffer.buffer, 0, bytesRead).toString("utf8");
    buffer.fill(0);
    return { content, mode: (await file.stat()).mode };
  } catch (error) {
    throw new HoldfastError({
      code: "cli.secret.unreadable",
      message: `the file ${path} with ${what} cannot be read`,
      advice: "Check the path and the rights of the file.",
      details: { path },
      cause: error,
    });
  }
}
