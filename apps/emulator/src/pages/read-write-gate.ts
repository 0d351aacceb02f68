/** Lets many sharers in at once, or one excluder alone. An excluder that waits holds later sharers back. */
export class ReadWriteGate {
  #sharers = 0;
  #last: Promise<unknown> = Promise.resolve();
  #isClosed = false;
  #idle: (() => void) | undefined;

  async share<T>(work: () => Promise<T>): Promise<T> {
    while (this.#isClosed) await this.#last;
    this.#sharers += 1;
    try {
      return await work();
    } finally {
      this.#sharers -= 1;
      if (this.#sharers === 0) this.#idle?.();
    }
  }

  exclude<T>(work: () => Promise<T>): Promise<T> {
    const run = this.#last.then(async () => {
      this.#isClosed = true;
      if (this.#sharers > 0) await new Promise<void>((resolve) => (this.#idle = resolve));
      this.#idle = undefined;
      try {
        return await work();
      } finally {
        this.#isClosed = false;
      }
    });
    this.#last = run.then(
      () => undefined,
      () => undefined,
    );
    return run;
  }
}
