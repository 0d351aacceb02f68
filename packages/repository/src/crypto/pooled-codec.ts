import { Worker } from "node:worker_threads";
import { HoldfastError } from "@holdfast/kernel";
import type { Codec, CodecKeys, Identified, IdentifyOrder, Opened, OpenOrder, Sealed, SealOrder } from "./codec.ts";
import { buffersOf } from "./hand-over.ts";

export type CodecCall =
  | { readonly kind: "identify"; readonly order: IdentifyOrder }
  | { readonly kind: "seal"; readonly order: SealOrder }
  | { readonly kind: "open"; readonly order: OpenOrder };

export type CodecReply = { readonly result: Identified | Sealed | Opened } | { readonly error: string };

interface Job {
  readonly call: CodecCall;
  resolve(result: unknown): void;
  reject(error: HoldfastError): void;
}

interface Thread {
  readonly worker: Worker;
  job: Job | undefined;
}

export interface PoolOptions {
  /** Threads at most; each is started when there is work that no idle one can take. */
  readonly size: number;
  readonly startWorker?: (keys: CodecKeys) => Worker;
}

/**
 * Works in threads, one order each, and moves buffers rather than copies them. An idle pool keeps no process alive. A
 * thread that dies fails the order it had with `repository.codec.failed`; disposing fails all orders that are under way.
 */
export function createPooledCodec(keys: CodecKeys, options: PoolOptions): Codec {
  const { size, startWorker = startCodecWorker } = options;
  const threads = new Set<Thread>();
  const queue: Job[] = [];
  let isDisposed = false;

  const settle = (thread: Thread): Job | undefined => {
    const { job } = thread;
    thread.job = undefined;
    thread.worker.unref();
    return job;
  };
  const lose = (thread: Thread, reason: string, cause?: unknown): void => {
    threads.delete(thread);
    settle(thread)?.reject(codecFailed(reason, cause));
    next();
  };
  const start = (): Thread => {
    const thread: Thread = { worker: startWorker(keys), job: undefined };
    threads.add(thread);
    thread.worker.on("message", (reply: CodecReply) => {
      const job = settle(thread);
      if ("result" in reply) job?.resolve(reply.result);
      else job?.reject(codecFailed(reply.error));
      next();
    });
    thread.worker.on("error", (error) => lose(thread, "a thread failed", error));
    thread.worker.on("exit", () => lose(thread, "a thread ended"));
    return thread;
  };
  const next = (): void => {
    while (queue.length > 0 && !isDisposed) {
      const idle =
        [...threads].find((thread) => thread.job === undefined) ?? (threads.size < size ? start() : undefined);
      if (idle === undefined) return;
      const job = queue.shift()!;
      idle.job = job;
      idle.worker.ref();
      idle.worker.postMessage(job.call, buffersOf(job.call.order));
    }
  };
  const run = async (call: CodecCall): Promise<unknown> => {
    if (isDisposed) throw codecFailed("the repository is closed");
    return await new Promise((resolve, reject) => {
      queue.push({ call, resolve, reject });
      next();
    });
  };
  return {
    parallelism: size,
    identify: async (order) => (await run({ kind: "identify", order })) as Identified,
    seal: async (order) => (await run({ kind: "seal", order })) as Sealed,
    open: async (order) => (await run({ kind: "open", order })) as Opened,
    async [Symbol.asyncDispose]() {
      isDisposed = true;
      for (const job of queue.splice(0)) job.reject(codecFailed("the repository is closed"));
      await Promise.all([...threads].map((thread) => thread.worker.terminate()));
    },
  };
}

function startCodecWorker(keys: CodecKeys): Worker {
  return new Worker(new URL("./codec-worker.ts", import.meta.url), {
    workerData: keys,
    // Flags of the process, such as those of a test runner, are not for this thread.
    execArgv: [],
    // A thread keeps nothing: a small nursery gives memory back early, and costs no time that could be measured.
    resourceLimits: { maxYoungGenerationSizeMb: 4 },
  });
}

function codecFailed(reason: string, cause?: unknown): HoldfastError {
  return new HoldfastError({
    code: "repository.codec.failed",
    message: `working on the repository's data stopped: ${reason}`,
    advice: "Run the command again; where it stops again, look whether the machine has memory left.",
    kind: "fault",
    isRetryable: true,
    cause,
  });
}
