const longestScope = 1024;

/**
 * Tells what is wrong with a scope, or undefined if it is well formed.
 *
 * A scope is `/` for everything, or segments each behind a slash, such as `/stamps/north/vms/web-1`.
 */
export function problemOfScope(scope: string): string | undefined {
  if (scope.length > longestScope) return `it is longer than ${longestScope} characters`;
  if (!scope.startsWith("/")) return "it does not begin with a slash";
  if (/\p{Cc}/u.test(scope)) return "it holds a control character";
  if (scope === "/") return undefined;
  const segments = scope.slice(1).split("/");
  if (segments.includes("")) return "it has an empty segment";
  if (segments.includes(".") || segments.includes("..")) return "it has a segment of dots";
  return undefined;
}

/**
 * Tells whether `scope` is `prefix` or lies below it, by whole segments.
 *
 * Letters are compared as they are: the caller brings names to the form that the catalog holds. A malformed scope
 * covers nothing and is covered by nothing.
 */
export function coversScope(prefix: string, scope: string): boolean {
  if (problemOfScope(prefix) !== undefined || problemOfScope(scope) !== undefined) return false;
  return prefix === "/" || scope === prefix || scope.startsWith(`${prefix}/`);
}
