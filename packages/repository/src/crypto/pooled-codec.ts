import { Worker } from "node:worker_threads";
import { HoldfastError } from "@holdfast/kernel";
import type { ChunkEntry } from "../format/chunk-entry.ts";
import type { Codec, CodecKeys, IdentifyOrder, OpenOrder, SealOrder } from "./codec.ts";

export type CodecCall =
  | { readonly kind: "identify"; readonly order: IdentifyOrder }
  | { readonly kind: "seal"; readonly order: SealOrder }
  | { readonly kind: "open"; readonly order: OpenOrder };

type Result = readonly (string | null)[] | readonly ChunkEntry[];

export type CodecReply = { readonly result: Result } | { readonly error: string };

/** What a thread of the pool is started with. */
export interface CodecThreadData {
  readonly keys: CodecKeys;
  readonly mayUseFfi: boolean;
}

interface Job {
  readonly call: CodecCall;
  resolve(result: unknown): void;
  reject(error: HoldfastError): void;
}

interface Thread {
  readonly worker: Worker;
  /** What it works on, then what it will work on next. */
  readonly jobs: Job[];
}

/** A second order waits at the thread, so that it need not wait for this one. */
const ordersPerThread = 2;

export interface PoolOptions {
  /** Threads at most; each is started when there is work that no idle one can take. */
  readonly size: number;
  /** False where only what Node documents as stable is to be used. */
  readonly mayUseFfi?: boolean;
  readonly startWorker?: (data: CodecThreadData) => Worker;
}

/**
 * Works in threads on memory that they share with the caller. An idle pool keeps no process alive. A
 * thread that dies fails the order it had with `repository.codec.failed`; disposing fails all orders that are under way.
 */
export function createPooledCodec(keys: CodecKeys, options: PoolOptions): Codec {
  const { size, mayUseFfi = true, startWorker = startCodecWorker } = options;
  const threads = new Set<Thread>();
  const queue: Job[] = [];
  let isDisposed = false;

  const settle = (thread: Thread): Job | undefined => {
    const job = thread.jobs.shift();
    if (thread.jobs.length === 0) thread.worker.unref();
    return job;
  };
  const lose = (thread: Thread, reason: string, cause?: unknown): void => {
    threads.delete(thread);
    while (thread.jobs.length > 0) settle(thread)?.reject(codecFailed(reason, cause));
    next();
  };
  const start = (): Thread => {
    const thread: Thread = { worker: startWorker({ keys, mayUseFfi }), jobs: [] };
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
      const [first] = [...threads].toSorted((a, b) => a.jobs.length - b.jobs.length);
      const thread = (first === undefined || first.jobs.length > 0) && threads.size < size ? start() : first;
      if (thread === undefined || thread.jobs.length >= ordersPerThread) return;
      const job = queue.shift()!;
      thread.jobs.push(job);
      thread.worker.ref();
      thread.worker.postMessage(job.call);
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
    identify: async (order) => (await run({ kind: "identify", order })) as readonly (string | null)[],
    seal: async (order) => (await run({ kind: "seal", order })) as readonly ChunkEntry[],
    open: async (order) => (await run({ kind: "open", order })) as readonly (string | null)[],
    async [Symbol.asyncDispose]() {
      isDisposed = true;
      for (const job of queue.splice(0)) job.reject(codecFailed("the repository is closed"));
      await Promise.all([...threads].map((thread) => thread.worker.terminate()));
    },
  };
}

function startCodecWorker(data: CodecThreadData): Worker {
  return new Worker(new URL("./codec-worker.ts", import.meta.url), {
    workerData: data,
    // Flags of the process, such as those of a test runner, are not for this thread. FFI says that it is experimental.
    execArgv: ["--disable-warning=ExperimentalWarning"],
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
