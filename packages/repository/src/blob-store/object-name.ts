import { invariant } from "@holdfast/kernel";

/** Raises a bug where a name is not one of the port: parts of `[A-Za-z0-9_-]`, joined by single slashes. */
export function checkObjectName(name: string): string {
  invariant(/^[A-Za-z0-9_-]+(\/[A-Za-z0-9_-]+)*$/.test(name), `object name ${JSON.stringify(name)} is not allowed`);
  return name;
}
