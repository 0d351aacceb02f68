/** Reads Retry-After, in seconds or as a date, as a wait in milliseconds; null where it is absent or unreadable. */
export function readRetryAfter(header: string | undefined, stampNowMs: number): number | null {
  const text = header?.trim() ?? "";
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  if (!/[a-z]/i.test(text)) return null;
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : Math.max(0, at - stampNowMs);
}
