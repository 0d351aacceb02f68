import type { HoldfastError } from "@holdfast/kernel";
import { asDamage } from "../failure.ts";

/** What is wrong with one object, and the points that it touches. */
export interface Finding {
  readonly code: string;
  readonly object: string;
  readonly message: string;
  readonly pointIds: readonly string[];
}

export interface Findings {
  /** Joins findings of one kind on one object. */
  add(harm: HoldfastError, pointIds: Iterable<string>, object?: string): void;
  /** Adds what an error says of an object; raises it again where it says something of the store as a whole. */
  addError(error: unknown, object: string, pointIds: Iterable<string>): void;
  list(): Finding[];
}

export function collectFindings(): Findings {
  const found = new Map<string, Finding>();
  const add: Findings["add"] = (harm, pointIds, fallback = "repository") => {
    const { code, message, details } = harm;
    const object = typeof details["object"] === "string" ? details["object"] : fallback;
    const key = `${code} ${object}`;
    const known = found.get(key);
    const ids = [...new Set([...(known?.pointIds ?? []), ...pointIds])];
    found.set(key, { code, object, message: known?.message ?? message, pointIds: ids });
  };
  return {
    add,
    addError(error, object, pointIds) {
      const harm = asDamage(error, object);
      if (harm === null) throw error;
      add(harm, pointIds, object);
    },
    list: () => [...found.values()],
  };
}
