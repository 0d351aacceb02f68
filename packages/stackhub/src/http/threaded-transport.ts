import type { IncomingHttpHeaders } from "node:http";
import { Worker } from "node:worker_threads";
import { HoldfastError, KiB } from "@holdfast/kernel";
import type { HoldfastErrorInit } from "@holdfast/kernel";
import type { HttpAnswer, HttpRequest, HttpTransport } from "./http-message.ts";
import { createNodeTransport } from "./node-transport.ts";
import type { NodeTransportOptions } from "./node-transport.ts";

type PlainRequest = Omit<HttpRequest, "url" | "signal" | "onData"> & { readonly url: string };

export type ThreadCall =
  | { readonly kind: "send"; readonly id: number; readonly request: PlainRequest }
  | { readonly kind: "abort"; readonly id: number };

interface PlainAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Bytes of the caller's memory that hold the body; `body` is absent then. */
  readonly filledBytes?: number;
  readonly body?: Uint8Array;
}

export type ThreadReply = { readonly id: number } & (
  | { readonly answer: PlainAnswer }
  | { readonly error: HoldfastErrorInit | { readonly text: string } }
);

/** One thread decrypts about 600 MiB/s; each costs some 30 MiB of memory. */
const threadCount = 2;
/** Smaller bodies are not worth the way to a thread. */
const minThreadBytes = 64 * KiB;

interface Job {
  readonly thread: Thread;
  readonly request: HttpRequest;
  resolve(answer: HttpAnswer): void;
  reject(error: unknown): void;
}

interface Thread {
  readonly worker: Worker;
  jobs: number;
}

/**
 * Sends like the node transport, but makes calls whose bytes are in shared memory from threads: decrypting a disk would
 * keep the thread that answers users busy for most of the time. Threads start with the first such call and keep no
 * process alive. A thread that dies fails its calls with `stackhub.net.thread-ended`, which may be tried again.
 */
export function createThreadedTransport(options: NodeTransportOptions = {}): HttpTransport {
  const direct = createNodeTransport(options);
  const threads = startThreads(options);
  const sendByThread = async (request: HttpRequest): Promise<HttpAnswer> => {
    const { signal, url, onData: _, ...rest } = request;
    signal?.throwIfAborted();
    const { id, answer, post } = threads.begin(request);
    const onAbort = (): void => post({ kind: "abort", id });
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      post({ kind: "send", id, request: { ...rest, url: url.href } });
      return await answer;
    } finally {
      signal?.removeEventListener("abort", onAbort);
    }
  };
  return {
    send: (request) => (isForThread(request) ? sendByThread(request) : direct.send(request)),
    async [Symbol.asyncDispose]() {
      await threads[Symbol.asyncDispose]();
      await direct[Symbol.asyncDispose]();
    },
  };
}

/** Hands calls to the thread that has the fewest, and settles them as their replies come. */
function startThreads(options: NodeTransportOptions) {
  const threads: Thread[] = [];
  const jobs = new Map<number, Job>();
  let lastId = 0;
  const settle = (id: number): Job | undefined => {
    const job = jobs.get(id);
    if (job === undefined) return undefined;
    jobs.delete(id);
    job.thread.jobs -= 1;
    if (job.thread.jobs === 0) job.thread.worker.unref();
    return job;
  };
  const lose = (thread: Thread, cause: unknown): void => {
    const at = threads.indexOf(thread);
    if (at >= 0) threads.splice(at, 1);
    for (const [id, job] of jobs) if (job.thread === thread) settle(id)?.reject(threadEnded(job.request.url, cause));
  };
  const start = (): Thread => {
    const worker = new Worker(new URL("./transport-thread.ts", import.meta.url), {
      workerData: options,
      execArgv: [],
      // A thread keeps nothing: a small nursery gives memory back early.
      resourceLimits: { maxYoungGenerationSizeMb: 4 },
    });
    const thread: Thread = { worker, jobs: 0 };
    threads.push(thread);
    worker.on("message", (reply: ThreadReply) => {
      const job = settle(reply.id);
      if (job === undefined) return;
      if ("answer" in reply) job.resolve(toAnswer(reply.answer, job.request));
      else job.reject(toError(reply.error, job.request));
    });
    worker.on("error", (error) => lose(thread, error));
    worker.on("exit", () => lose(thread, undefined));
    return thread;
  };
  const choose = (): Thread => {
    const [first] = threads.toSorted((a, b) => a.jobs - b.jobs);
    return first !== undefined && (first.jobs === 0 || threads.length === threadCount) ? first : start();
  };
  return {
    begin(request: HttpRequest) {
      const thread = choose();
      const id = (lastId += 1);
      thread.jobs += 1;
      thread.worker.ref();
      const answer = new Promise<HttpAnswer>((resolve, reject) => jobs.set(id, { thread, request, resolve, reject }));
      return { id, answer, post: (call: ThreadCall): void => thread.worker.postMessage(call) };
    },
    async [Symbol.asyncDispose](): Promise<void> {
      await Promise.all(threads.map(({ worker }) => worker.terminate()));
    },
  };
}

function isForThread({ into, body, onData }: HttpRequest): boolean {
  const isShared = (bytes: Uint8Array | undefined): boolean =>
    bytes !== undefined && bytes.buffer instanceof SharedArrayBuffer && bytes.length >= minThreadBytes;
  return onData === undefined && (isShared(into) || isShared(body));
}

function toAnswer({ status, headers, filledBytes, body }: PlainAnswer, { into }: HttpRequest): HttpAnswer {
  const bytes = filledBytes === undefined ? (body ?? new Uint8Array()) : into!.subarray(0, filledBytes);
  return { status, headers, body: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length) };
}

function toError(error: HoldfastErrorInit | { readonly text: string }, { signal }: HttpRequest): unknown {
  if (signal?.aborted === true) return signal.reason;
  return "text" in error ? new Error(error.text) : new HoldfastError(error);
}

function threadEnded(url: URL, cause: unknown): HoldfastError {
  return new HoldfastError({
    code: "stackhub.net.thread-ended",
    message: `the thread that spoke with ${url.host} ended`,
    advice: "Run the command again; where it ends again, look whether the machine has memory left.",
    kind: "fault",
    isRetryable: true,
    details: { host: url.host },
    cause,
  });
}
