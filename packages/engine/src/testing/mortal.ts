/**
 * A process that dies at its n-th port call. From then on no call settles, so no clean-up of the dead process runs;
 * `death` resolves instead. The n-th call itself takes effect or not, as asked.
 */
export class Mortal {
  readonly death: Promise<"killed">;
  calls = 0;
  #die: (value: "killed") => void = () => undefined;
  readonly #lastCall: number;
  readonly #takesEffect: boolean;

  constructor(lastCall: number, options: { readonly takesEffect: boolean }) {
    this.#lastCall = lastCall;
    this.#takesEffect = options.takesEffect;
    this.death = new Promise((resolve) => {
      this.#die = resolve;
    });
  }

  /** Wraps a port. What the port hands out (sources, sinks) is not counted. */
  wrap<T extends object>(port: T): T {
    return new Proxy(port, {
      get: (object, property) => {
        const value: unknown = Reflect.get(object, property, object);
        if (typeof value !== "function") return value;
        return (...args: unknown[]) => this.#call(() => value.apply(object, args) as unknown);
      },
    });
  }

  #call(act: () => unknown): unknown {
    this.calls += 1;
    if (this.calls < this.#lastCall) return act();
    if (this.calls === this.#lastCall && this.#takesEffect) {
      // The effect is the platform's and goes on; only its answer reaches nobody.
      void Promise.resolve(act()).then(
        () => this.#die("killed"),
        () => this.#die("killed"),
      );
    } else {
      this.#die("killed");
    }
    return new Promise(() => undefined);
  }
}
