// What may stay in a logged address: everything else in a query may be a signature, a token or a policy name.
const harmless = new Set([
  "api-version",
  "comp",
  "restype",
  "snapshot",
  "prevsnapshot",
  "$expand",
  "$filter",
  "$skiptoken",
  "monitor",
]);

/** Replaces the value of every query parameter that is not known to be harmless, and any user name or password. */
export function redactUrl(address: string | URL): string {
  const text = String(address);
  if (!URL.canParse(text)) return "[address that cannot be read]";
  const url = new URL(text);
  url.username = "";
  url.password = "";
  url.hash = "";
  const kept = [...url.searchParams].map(([name, value]) =>
    harmless.has(name.toLowerCase()) ? `${name}=${value}` : `${name}=[redacted]`,
  );
  url.search = "";
  return kept.length === 0 ? url.href : `${url.href}?${kept.join("&")}`;
}
