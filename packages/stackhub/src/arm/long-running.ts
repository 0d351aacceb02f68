import { type Clock, HoldfastError } from "@holdfast/kernel";
import { z } from "zod";
import { readRetryAfter } from "../http/retry-after.ts";
import type { ArmAnswer, ArmClient, ArmRequest, SignalOption } from "./arm-client.ts";
import { type ArmCall, armError, readProblem } from "./arm-error.ts";

/** The import of a 1 TiB disk is the longest operation; a stamp that needs longer is stuck. */
const maxOperationMs = 6 * 60 * 60_000;
const firstPollMs = 1_000;
const maxPollMs = 15_000;

export interface OperationOption extends SignalOption {
  readonly onPoll?: ((elapsedMs: number) => void) | undefined;
}

const operationSchema = z.object({
  status: z.string(),
  properties: z.object({ output: z.unknown() }).partial().nullish(),
  error: z.unknown().optional(),
});
const provisionedSchema = z.object({ properties: z.object({ provisioningState: z.string() }) });

/** Starts a call and waits for its end. Answers the final body, or null where the operation has none. */
export async function runOperation(
  arm: ArmClient,
  clock: Clock,
  request: ArmRequest,
  options: OperationOption = {},
): Promise<unknown> {
  const started = await arm.send(request, options);
  const call = { method: request.method, path: request.path, stamp: arm.stampName };
  const poll = createPoller(clock, call, options);
  const operation = started.header("azure-asyncoperation");
  const location = started.header("location");
  if (operation !== undefined) {
    const ended = await poll(
      started,
      () => arm.follow(operation, options),
      (answer) => readStatus(call, answer),
    );
    const output = ended.output;
    if (output !== undefined) return output;
    if (request.method === "PUT" || request.method === "PATCH") return readResource(arm, request, options);
    if (location === undefined || request.method === "DELETE") return null;
    // Location can lag behind the operation by a moment: it is asked at once, and polled until it has its body.
    const answer = await arm.follow(location, options);
    if (answer.status !== 202) return answer.body;
    return (await poll(answer, () => arm.follow(location, options), readLocation)).answer.body;
  }
  if (started.status === 202 && location !== undefined) {
    const ended = await poll(started, () => arm.follow(location, options), readLocation);
    return request.method === "PUT" || request.method === "PATCH"
      ? readResource(arm, request, options)
      : ended.answer.body;
  }
  if (request.method !== "PUT" && request.method !== "PATCH") return started.body;
  return (await awaitProvisioned(started, { arm, request, call, poll, options })).body;
}

type Verdict = { readonly isDone: false } | { readonly isDone: true; readonly output?: unknown };
type Poll = (
  first: ArmAnswer,
  ask: () => Promise<ArmAnswer>,
  judge: (answer: ArmAnswer) => Verdict,
) => Promise<{ readonly answer: ArmAnswer; readonly output?: unknown }>;

function createPoller(clock: Clock, call: ArmCall, options: OperationOption): Poll {
  const startedMs = clock.monotonicMs();
  return async (first, ask, judge) => {
    let last = first;
    for (let waitMs = firstPollMs; ; waitMs = Math.min(waitMs * 1.5, maxPollMs)) {
      const asked = readRetryAfter(last.header("retry-after"), clock.now());
      const pause = asked === null ? waitMs : Math.min(Math.max(asked, 100), maxPollMs * 4);
      await clock.sleep(pause, options.signal === undefined ? {} : { signal: options.signal });
      const elapsedMs = clock.monotonicMs() - startedMs;
      options.onPoll?.(elapsedMs);
      last = await ask();
      const verdict = judge(last);
      if (verdict.isDone) return { answer: last, output: verdict.output };
      if (elapsedMs > maxOperationMs) throw tooLong(call, elapsedMs);
    }
  };
}

function readStatus(call: ArmCall, answer: ArmAnswer): Verdict {
  const parsed = operationSchema.safeParse(answer.body);
  if (!parsed.success) {
    throw armError(call, null, { code: "OperationWithoutStatus", message: "the operation's address gave no status" });
  }
  const { status, properties, error } = parsed.data;
  switch (status.toLowerCase()) {
    case "succeeded":
      return { isDone: true, output: properties?.output };
    case "failed":
    case "canceled":
    case "cancelled":
      throw armError(call, null, failureOf(status, error));
    default:
      return { isDone: false };
  }
}

function failureOf(status: string, error: unknown): { code: string; message: string } {
  const problem = readProblem(error);
  return problem.code === "" ? { code: status, message: problem.message } : problem;
}

function readLocation(answer: ArmAnswer): Verdict {
  return { isDone: answer.status !== 202 };
}

async function readResource(arm: ArmClient, request: ArmRequest, options: SignalOption): Promise<unknown> {
  return (await arm.send({ method: "GET", path: request.path, apiVersion: request.apiVersion }, options)).body;
}

async function awaitProvisioned(
  started: ArmAnswer,
  context: {
    readonly arm: ArmClient;
    readonly request: ArmRequest;
    readonly call: ArmCall;
    readonly poll: Poll;
    readonly options: SignalOption;
  },
): Promise<ArmAnswer> {
  const { arm, request, call, poll, options } = context;
  const judge = (answer: ArmAnswer): Verdict => {
    const parsed = provisionedSchema.safeParse(answer.body);
    // A resource without a state is ready as it stands (resource groups of older stamps, containers of others).
    if (!parsed.success) return { isDone: answer.status !== 202 };
    const state = parsed.data.properties.provisioningState;
    switch (state.toLowerCase()) {
      case "succeeded":
        return { isDone: true };
      case "failed":
      case "canceled":
        throw armError(call, null, { code: state, message: "the resource's provisioning did not succeed" });
      default:
        return { isDone: false };
    }
  };
  if (judge(started).isDone) return started;
  const ask = (): Promise<ArmAnswer> =>
    arm.send({ method: "GET", path: request.path, apiVersion: request.apiVersion }, options);
  return (await poll(started, ask, judge)).answer;
}

function tooLong(call: ArmCall, elapsedMs: number): HoldfastError {
  return new HoldfastError({
    code: "stackhub.arm.operation-timed-out",
    message: `${call.method} ${call.path} on ${call.stamp} did not end`,
    advice: "See the state of the object in the stamp's portal before anything else is tried on it.",
    kind: "fault",
    details: { stamp: call.stamp, object: call.path, elapsedMs },
  });
}
