import { InvalidArgumentError } from "commander";

/** Makes a reader of numbers above zero, up to a limit; it raises a usage error. */
export function parseNumberUpTo(limit: number): (typed: string) => number {
  return (typed) => {
    const value = /^\d{1,12}(\.\d{1,6})?$/.test(typed.trim()) ? Number(typed) : Number.NaN;
    if (value > 0 && value <= limit) return value;
    throw new InvalidArgumentError(`Give a number above zero, at most ${limit}.`);
  };
}

/** Makes a reader of whole numbers from one up to a limit; it raises a usage error. */
export function parseWholeUpTo(limit: number): (typed: string) => number {
  return (typed) => {
    const value = /^\d{1,9}$/.test(typed.trim()) ? Number(typed) : Number.NaN;
    if (value >= 1 && value <= limit) return value;
    throw new InvalidArgumentError(`Give a whole number from 1 to ${limit}.`);
  };
}

/** Gathers `name=value` options; raises a usage error for any other form. */
export function gatherPair(
  typed: string,
  before: ReadonlyMap<string, string> = new Map(),
): ReadonlyMap<string, string> {
  const at = typed.indexOf("=");
  const [name, value] = [typed.slice(0, at).trim().toLowerCase(), typed.slice(at + 1).trim()];
  if (at > 0 && name !== "" && value !== "") return new Map([...before, [name, value]]);
  throw new InvalidArgumentError("Give name=value.");
}

/** Reads a share from 0 to 100 percent; raises a usage error. */
export function parsePercent(typed: string): number {
  const value = /^\d{1,3}(\.\d{1,6})?$/.test(typed.trim()) ? Number(typed) : Number.NaN;
  if (value <= 100) return value;
  throw new InvalidArgumentError("Give a number from 0 to 100.");
}
