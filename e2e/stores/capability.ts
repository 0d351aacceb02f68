import { existsSync } from "node:fs";
import { describe } from "vitest";

/** On CI a missing Debian package fails the tests that need it; elsewhere they are skipped, and their name says for what. */
export function describeWith(files: Readonly<Record<string, string>>, name: string, body: () => void): void {
  const missing = Object.keys(files).filter((path) => !existsSync(path));
  const packages = [...new Set(missing.map((path) => files[path]))].join(" ");
  const isSkipped = missing.length > 0 && process.env["CI"] !== "true";
  describe.skipIf(isSkipped)(isSkipped ? `${name} (needs the Debian packages ${packages})` : name, body);
}
