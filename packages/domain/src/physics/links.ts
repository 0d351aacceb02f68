import type { Figure } from "../evidence/figure.ts";

/** What connects two stamps. Between two stamps there is at most one site-to-site VPN connection. */
export type LinkKind = "vpn-basic" | "vpn-standard" | "vpn-high-performance";

const megabitBytesPerSecond = 1_000_000 / 8;

/**
 * The most that a link carries, in bytes per second. The platform's VPN gateways carry 100 Mbit/s for each connection
 * (Basic, Standard) or 200 (High Performance). What a transfer really reached is entered as a measured figure instead.
 */
export function documentedLink(kind: LinkKind): Figure {
  const megabits = kind === "vpn-high-performance" ? 200 : 100;
  return {
    value: megabits * megabitBytesPerSecond,
    provenance: "documented",
    source: `VPN gateway (${kind}): ${megabits} Mbit/s`,
  };
}

/** The most that one disk is written or read at, in bytes per second: documented for sizes that take premium disks. */
export const documentedDiskCap: Figure = {
  value: 145_000_000,
  provenance: "documented",
  source: "145 MB/s for each disk of a VM size that takes premium disks",
};
