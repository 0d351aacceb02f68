import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

const builder = join(import.meta.dirname, "../../../../../tools/guest-image/build.sh");

/** The image of the Debian guest, built where it is not there yet. Undefined where this machine cannot build it. */
export async function findGuestImage(): Promise<string | undefined> {
  try {
    return (await promisify(execFile)("sh", [builder])).stdout.trim();
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === 3) return undefined;
    throw error;
  }
}
