/** A block of IPv4 addresses, `[first, end)`. */
export interface Ipv4Block {
  readonly first: number;
  readonly end: number;
}

/** Undefined for what is no IPv4 address. */
export function parseAddress(text: string): number | undefined {
  const parts = text.split(".").map((part) => (/^\d{1,3}$/.test(part) ? Number(part) : 256));
  if (parts.length !== 4 || parts.some((part) => part > 255)) return undefined;
  return parts.reduce((value, part) => value * 256 + part, 0);
}

export function formatAddress(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join(".");
}

/** Undefined for what is no prefix, or one whose address has bits beyond its length. */
export function parsePrefix(text: string): Ipv4Block | undefined {
  const [, address = "", bits = ""] = /^([\d.]+)\/(\d{1,2})$/.exec(text) ?? [];
  const first = parseAddress(address);
  const size = 2 ** (32 - Number(bits));
  if (first === undefined || bits === "" || Number(bits) > 32 || first % size !== 0) return undefined;
  return { first, end: first + size };
}

export function isInside(inner: Ipv4Block, outer: Ipv4Block): boolean {
  return inner.first >= outer.first && inner.end <= outer.end;
}

export function overlaps(a: Ipv4Block, b: Ipv4Block): boolean {
  return a.first < b.end && b.first < a.end;
}

/** The platform keeps the first four addresses of a subnet and the last: network, gateway, two for DNS, broadcast. */
export function usableBlock(subnet: Ipv4Block): Ipv4Block {
  return { first: subnet.first + 4, end: subnet.end - 1 };
}

/** The lowest address of the block that is not taken. */
export function firstFree(block: Ipv4Block, taken: ReadonlySet<number>): number | undefined {
  for (let address = block.first; address < block.end; address += 1) if (!taken.has(address)) return address;
  return undefined;
}
