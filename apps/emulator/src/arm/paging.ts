import { ArmError } from "./provider.ts";

interface SkipToken {
  readonly offset: number;
  readonly lastId?: string;
}

const idOf = (item: unknown): string | undefined => {
  const id = typeof item === "object" && item !== null && "id" in item ? item.id : undefined;
  return typeof id === "string" ? id : undefined;
};

function readToken(text: string): SkipToken {
  try {
    const token = JSON.parse(Buffer.from(text, "base64url").toString("utf8")) as SkipToken;
    if (Number.isSafeInteger(token.offset) && token.offset >= 0) return token;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new ArmError(400, "InvalidSkipToken", "The skip token provided in the request is invalid.");
}

/** Where to go on: after the last item shown, wherever it now stands; by count where it is gone. */
function startOf(items: readonly unknown[], query: URLSearchParams): number {
  const text = query.get("$skiptoken") ?? query.get("$skipToken");
  if (text === null) return 0;
  const token = readToken(text);
  const at = token.lastId === undefined ? -1 : items.findIndex((item) => idOf(item) === token.lastId);
  if (at >= 0) return at + 1;
  // The item that ended the last page is gone, so all after it moved up by one.
  return token.lastId === undefined ? token.offset : Math.max(0, token.offset - 1);
}

/** One page of a list in the platform's envelope. `address` is the full address of the request. */
export function pageOf(
  items: readonly unknown[],
  address: URL,
  pageSize: number,
): { readonly value: readonly unknown[]; readonly nextLink?: string } {
  const top = Number(address.searchParams.get("$top") ?? Number.NaN);
  const size = Number.isSafeInteger(top) && top > 0 ? Math.min(top, pageSize) : pageSize;
  const start = startOf(items, address.searchParams);
  const value = items.slice(start, start + size);
  const end = start + value.length;
  if (end >= items.length) return { value };
  const lastId = idOf(value.at(-1));
  const token: SkipToken = { offset: end, ...(lastId === undefined ? {} : { lastId }) };
  const next = new URL(address);
  next.searchParams.delete("$skipToken");
  next.searchParams.set("$skiptoken", Buffer.from(JSON.stringify(token)).toString("base64url"));
  return { value, nextLink: next.href };
}
