/** Things of which each is in one hand at a time. The one given back last is taken first. */
export interface Slots<T> {
  take(): Promise<T>;
  give(thing: T): void;
  /** Gives the thing back when the work with it has ended, well or not. */
  with<R>(work: (thing: T) => Promise<R>): Promise<R>;
}

export function createSlots<T>(things: readonly T[]): Slots<T> {
  const free = [...things].reverse();
  const waiting: ((thing: T) => void)[] = [];
  const slots: Slots<T> = {
    async take() {
      // Not `??`: null may well be the thing.
      return free.length > 0 ? free.pop()! : await new Promise<T>((resolve) => waiting.push(resolve));
    },
    give(thing) {
      const first = waiting.shift();
      if (first === undefined) free.push(thing);
      else first(thing);
    },
    async with(work) {
      const thing = await slots.take();
      try {
        return await work(thing);
      } finally {
        slots.give(thing);
      }
    },
  };
  return slots;
}
