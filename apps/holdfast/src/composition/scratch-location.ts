import { join } from "node:path";

/** Answers a folder under a location of any kind; a lock that an S3 location asks for becomes one of a day, or none. */
export function scratchLocation(location: string, folder: string, lock: "one-day" | "none" = "none"): string {
  if (!location.includes("://")) return join(location, folder);
  const [path = "", query = ""] = location.split("?");
  const kept = query
    .split("&")
    .filter((part) => part !== "" && (lock === "one-day" || !part.startsWith("lock")))
    .map((part) => (part.startsWith("lock-days=") ? "lock-days=1" : part));
  return `${path.replace(/\/$/, "")}/${folder}${kept.length === 0 ? "" : `?${kept.join("&")}`}`;
}

export function asksForLock(location: string): boolean {
  return /[?&]lock=/.test(location);
}
