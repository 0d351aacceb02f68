import { lookup as systemLookup } from "node:dns";
import { isIP, type LookupFunction } from "node:net";
import { HoldfastError } from "@holdfast/kernel";

/**
 * Makes the resolver of a stamp: overrides first, the system's resolver for the rest. A pattern is a whole name or
 * `*.suffix`, which matches any number of labels before the suffix. The longest match wins.
 */
export function createLookup(overrides: Readonly<Record<string, string>>): LookupFunction {
  const find = readOverrides(overrides);
  return (hostname, options, callback) => {
    const address = find(hostname);
    if (address === undefined) {
      systemLookup(hostname, options, callback);
      return;
    }
    const family = isIP(address);
    if (options.all === true) callback(null, [{ address, family }]);
    else callback(null, address, family);
  };
}

function readOverrides(overrides: Readonly<Record<string, string>>): (hostname: string) => string | undefined {
  const entries = Object.entries(overrides).map(([pattern, address]) => {
    if (isIP(address) === 0) {
      throw new HoldfastError({
        code: "stackhub.config.bad-resolve",
        message: `the address ${address} for ${pattern} is not an IP address`,
        advice: "Give each --resolve as a host name or *.suffix, and an IP address.",
        details: { pattern, address },
      });
    }
    return { pattern: pattern.toLowerCase(), address };
  });
  entries.sort((a, b) => b.pattern.length - a.pattern.length);
  return (hostname) => {
    const name = hostname.toLowerCase();
    return entries.find(({ pattern }) =>
      pattern.startsWith("*.") ? name.endsWith(pattern.slice(1)) : name === pattern,
    )?.address;
  };
}
