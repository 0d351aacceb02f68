import type { BlobStore } from "../blob-store/blob-store.ts";

/** What befalls one call of a store. */
export type Step = "do" | "fail before" | "fail after" | "die";

export class ProcessKilled extends Error {}

/** A call that was about to happen. */
export interface StoreCall {
  readonly method: "put" | "get" | "size" | "list" | "delete";
  readonly name: string;
}

/** The store as one process sees it: each call first asks what befalls it. After `die` no call ever has an effect. */
export function createSteppedStore(store: BlobStore, ask: (call: StoreCall) => Step | Promise<Step>): BlobStore {
  let isDead = false;
  const step = async <T>(call: StoreCall, effect: () => Promise<T>): Promise<T> => {
    if (isDead) throw new ProcessKilled("the process was killed");
    const what = await ask(call);
    if (what === "die" || isDead) {
      isDead = true;
      throw new ProcessKilled("the process was killed");
    }
    if (what === "fail before") throw new Error(`${call.method} ${call.name} failed`);
    const answer = await effect();
    if (what === "fail after") throw new Error(`the answer to ${call.method} ${call.name} was lost`);
    return answer;
  };
  return {
    put: (name, bytes, options) => step({ method: "put", name }, () => store.put(name, bytes, options)),
    get: (name, range, options) => step({ method: "get", name }, () => store.get(name, range, options)),
    size: (name, options) => step({ method: "size", name }, () => store.size(name, options)),
    delete: (name, options) => step({ method: "delete", name }, () => store.delete(name, options)),
    async *list(prefix, options) {
      yield* await step({ method: "list", name: prefix }, () => Array.fromAsync(store.list(prefix, options)));
    },
  };
}
