import { invariant } from "../errors.ts";

/** What to do to the next matching call. `after` lets the effect happen and loses the answer. */
export type Fault =
  | { readonly kind: "error"; readonly error: Error; readonly timing: "before" | "after" }
  | { readonly kind: "delay"; readonly durationMs: number }
  | { readonly kind: "alter"; readonly alter: (result: unknown) => unknown };

interface PlannedFault {
  readonly method: string;
  readonly fault: Fault;
  /** Calls of the method to let through first. */
  skip: number;
  hits: number;
  readonly times: number;
}

/** Faults queued per method name. A fault that was declared but never hit fails the test, by `verifyAllHit`. */
export class FaultSet {
  readonly #planned: PlannedFault[] = [];

  add(method: string, fault: Fault, options: { readonly skip?: number; readonly times?: number } = {}): this {
    this.#planned.push({ method, fault, skip: options.skip ?? 0, hits: 0, times: options.times ?? 1 });
    return this;
  }

  /** Takes the fault that the next call of a method must suffer, if one is due. */
  take(method: string): Fault | undefined {
    for (const planned of this.#planned) {
      if (planned.method !== method || planned.hits >= planned.times) continue;
      if (planned.skip > 0) {
        planned.skip -= 1;
        continue;
      }
      planned.hits += 1;
      return planned.fault;
    }
    return undefined;
  }

  verifyAllHit(): void {
    const missed = this.#planned.filter((p) => p.hits < p.times).map((p) => `${p.method} ${p.fault.kind}`);
    invariant(missed.length === 0, `declared faults were never hit: ${missed.join(", ")}`);
  }
}

/** Wraps every method of a port so that it suffers the faults queued for its name. */
export function withFaults<T extends object>(target: T, faults: FaultSet): T {
  return new Proxy(target, {
    get(object, property, receiver) {
      const value: unknown = Reflect.get(object, property, receiver);
      if (typeof value !== "function" || typeof property !== "string") return value;
      return async (...args: unknown[]) => {
        const fault = faults.take(property);
        if (fault?.kind === "error" && fault.timing === "before") throw fault.error;
        if (fault?.kind === "delay") await new Promise((resolve) => setTimeout(resolve, fault.durationMs));
        const result: unknown = await value.apply(object, args);
        if (fault?.kind === "error") throw fault.error;
        return fault?.kind === "alter" ? fault.alter(result) : result;
      };
    },
  });
}
