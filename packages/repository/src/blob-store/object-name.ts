import { invariant } from "@holdfast/kernel";

/** Of one part of a name, and of the whole: what every file system and object store takes, with a folder before it. */
const longestPart = 200;
const longestName = 400;

/** Whether a name is one of the port. */
export function isObjectName(name: string): boolean {
  return (
    name.length <= longestName &&
    /^[A-Za-z0-9_-]+(\/[A-Za-z0-9_-]+)*$/.test(name) &&
    name.split("/").every((part) => part.length <= longestPart)
  );
}

/** Raises a bug where a name is not one of the port: parts of `[A-Za-z0-9_-]`, joined by single slashes. */
export function checkObjectName(name: string): string {
  invariant(isObjectName(name), `object name ${JSON.stringify(name.slice(0, longestName))} is not allowed`);
  return name;
}
