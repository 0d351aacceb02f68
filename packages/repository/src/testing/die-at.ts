import type { BlobStore } from "../blob-store/blob-store.ts";

/** A store whose process kills itself before or after a call to it, counted from 0. */
export function dieAt(store: BlobStore, dueCall: number, isBefore: boolean): BlobStore {
  let calls = 0;
  return new Proxy(store, {
    get(target, property, receiver) {
      const value: unknown = Reflect.get(target, property, receiver);
      // A list is not awaited: the steps around it are those of its neighbours.
      if (typeof value !== "function" || property === "list") return value;
      return async (...args: unknown[]) => {
        const isDue = calls === dueCall;
        calls += 1;
        if (isDue && isBefore) process.kill(process.pid, "SIGKILL");
        const result: unknown = await value.apply(target, args);
        if (isDue) process.kill(process.pid, "SIGKILL");
        return result;
      };
    },
  });
}
