import { existsSync } from "node:fs";
import { join, resolve } from "node:path";

/**
 * Where the official API specifications lie: `specs` below HOLDFAST_SHARED, else in `../shared` beside the checkout.
 * Null where they are absent: a check must then say so, and may not pretend to have checked.
 */
export function findSpecFolder(): string | null {
  const shared = process.env["HOLDFAST_SHARED"] ?? resolve(import.meta.dirname, "../../../shared");
  const folder = join(shared, "specs");
  return existsSync(join(folder, "specification")) ? folder : null;
}
