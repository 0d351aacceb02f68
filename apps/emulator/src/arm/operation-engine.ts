import type { DocumentStore } from "../core/document-store.ts";
import type { FaultBoard } from "../faults/fault-board.ts";
import { type ArmCall, ArmError, type ArmReply, type OperationHandler, type OperationStart } from "./provider.ts";

/** A long-running operation as it is kept. */
export interface OperationRecord {
  readonly id: string;
  readonly start: OperationStart;
  readonly subscriptionId: string;
  readonly apiVersion: string;
  readonly status: "InProgress" | "Succeeded" | "Failed";
  readonly startedMs: number;
  readonly dueMs: number;
  readonly endedMs?: number;
  readonly output?: unknown;
  readonly error?: { readonly status: number; readonly code: string; readonly message: string };
}

export interface OperationEngine extends AsyncDisposable {
  /** Records the operation, then sets it going; answers the headers for a 201 or 202. */
  start(call: ArmCall, start: OperationStart): Promise<Record<string, string>>;
  /** Answers a poll: `monitor` is the Location form, else the Azure-AsyncOperation form. Undefined for an unknown id. */
  poll(id: string, form: "status" | "monitor", address: string): ArmReply | undefined;
  /** Waits until the operation named in reply headers has ended; at once where there is none. */
  settle(headers: Readonly<Record<string, string>> | undefined): Promise<void>;
  /** Takes up what a killed process left. Call once, when every handler is there. */
  resume(): void;
}

export interface OperationEngineDeps {
  readonly records: DocumentStore<OperationRecord>;
  readonly location: string;
  readonly retryAfterSeconds: number;
  readonly operationScale: number;
  readonly faults: FaultBoard;
  now(): number;
  uuid(): string;
  handler(kind: string): OperationHandler | undefined;
  run(handler: OperationHandler, start: OperationStart): Promise<unknown>;
  /** Tells a resource that its operation failed: one still in the making must not stay so for ever. */
  fail(start: OperationStart): Promise<void>;
}

/** Ended operations are kept this long for late pollers, then dropped: a long-lived emulator must not grow for ever. */
const keepEndedMs = 24 * 3_600_000;

const instant = (epochMs: number): string => new Date(epochMs).toISOString();

function statusBody(record: OperationRecord): Record<string, unknown> {
  return {
    startTime: instant(record.startedMs),
    ...(record.endedMs === undefined ? {} : { endTime: instant(record.endedMs) }),
    status: record.status,
    ...(record.output === undefined ? {} : { properties: { output: record.output } }),
    ...(record.error === undefined ? {} : { error: { code: record.error.code, message: record.error.message } }),
    name: record.id,
  };
}

function operationError(error: unknown): NonNullable<OperationRecord["error"]> {
  if (error instanceof ArmError) return { status: error.status, code: error.code, message: error.message };
  const message = error instanceof Error ? error.message : String(error);
  return { status: 500, code: "InternalOperationError", message: `An internal error occurred: ${message}` };
}

function addressOf(origin: string, record: OperationRecord, location: string): string {
  const { start, subscriptionId } = record;
  const subscription = `${origin}/subscriptions/${subscriptionId}`;
  const query = `?api-version=${record.apiVersion}`;
  if (start.provider === "Microsoft.Resources") return `${subscription}/operationresults/${record.id}${query}`;
  return `${subscription}/providers/${start.provider}/locations/${location}/${start.pathWord ?? "operations"}/${record.id}${query}`;
}

function createRecord(
  deps: OperationEngineDeps,
  call: ArmCall,
  start: OperationStart,
  delayMs: number,
): OperationRecord {
  const startedMs = deps.now();
  return {
    id: deps.uuid(),
    start,
    subscriptionId: call.subscriptionId,
    apiVersion: call.apiVersion,
    status: "InProgress",
    startedMs,
    dueMs: startedMs + delayMs,
  };
}

function dropOld(records: DocumentStore<OperationRecord>, now: number): void {
  for (const [id, { endedMs }] of records.entries()) {
    if (endedMs !== undefined && endedMs + keepEndedMs < now) records.delete(id);
  }
}

/** Resource Manager's own operations know Location only. */
function pollingHeaders(address: string, start: OperationStart, retryAfterSeconds: number): Record<string, string> {
  const retry = { "retry-after": String(retryAfterSeconds) };
  if (start.provider === "Microsoft.Resources") return { location: address, ...retry };
  return { "azure-asyncoperation": address, location: `${address}&monitor=true`, ...retry };
}

function pollReply(
  record: OperationRecord,
  form: "status" | "monitor",
  address: string,
  retryAfterSeconds: number,
): ArmReply {
  const retry = { "retry-after": String(retryAfterSeconds) };
  const isRunning = record.status === "InProgress";
  if (form === "status") return { status: 200, ...(isRunning ? { headers: retry } : {}), body: statusBody(record) };
  if (isRunning) return { status: 202, headers: { ...retry, location: address } };
  if (record.error !== undefined) {
    const { status, code, message } = record.error;
    return { status, body: { error: { code, message } } };
  }
  if (record.output !== undefined) return { status: 200, body: record.output };
  return { status: record.start.provider === "Microsoft.Resources" ? 200 : 204 };
}

type Outcome = Pick<OperationRecord, "status" | "output" | "error">;

async function outcomeOf(deps: OperationEngineDeps, { start }: OperationRecord): Promise<Outcome> {
  const fault = deps.faults.take("fail-operation", `${start.kind} ${start.resourceId}`);
  try {
    if (fault !== undefined) throw new ArmError(500, fault.code, fault.message);
    const handler = deps.handler(start.kind);
    if (handler === undefined) throw new Error(`no handler for operations of kind ${start.kind}`);
    const output = await deps.run(handler, start);
    return { status: "Succeeded", ...(output === undefined ? {} : { output }) };
  } catch (error) {
    await deps.fail(start);
    return { status: "Failed", error: operationError(error) };
  }
}

export function createOperationEngine(deps: OperationEngineDeps): OperationEngine {
  const timers = new Map<string, NodeJS.Timeout>();
  const running = new Map<string, Promise<void>>();
  const waiters = new Map<string, (() => void)[]>();
  let isClosed = false;

  const finish = (record: OperationRecord, outcome: Outcome): void => {
    deps.records.put(record.id, { ...record, ...outcome, endedMs: deps.now() });
    for (const wake of waiters.get(record.id) ?? []) wake();
    waiters.delete(record.id);
  };

  const execute = async (record: OperationRecord): Promise<void> => finish(record, await outcomeOf(deps, record));

  const schedule = (record: OperationRecord, delayMs: number): void => {
    if (isClosed) return;
    const timer = setTimeout(() => {
      timers.delete(record.id);
      running.set(
        record.id,
        execute(record).finally(() => running.delete(record.id)),
      );
    }, delayMs);
    timers.set(record.id, timer);
  };

  return {
    start: async (call, start) => {
      const slow = deps.faults.take("slow-operation", `${start.kind} ${start.resourceId}`);
      const delayMs = start.durationMs * deps.operationScale + (slow?.delayMs ?? 0);
      dropOld(deps.records, deps.now());
      const record = createRecord(deps, call, start, delayMs);
      deps.records.put(record.id, record);
      schedule(record, delayMs);
      return pollingHeaders(addressOf(call.origin, record, deps.location), start, deps.retryAfterSeconds);
    },
    poll: (id, form, address) => {
      const record = deps.records.get(id);
      return record === undefined ? undefined : pollReply(record, form, address, deps.retryAfterSeconds);
    },
    settle: async (headers) => {
      const address = headers?.["location"] ?? headers?.["azure-asyncoperation"];
      const id = address === undefined ? undefined : new URL(address).pathname.split("/").at(-1);
      if (id === undefined || deps.records.get(id)?.status !== "InProgress") return;
      await new Promise<void>((resolve) => waiters.set(id, [...(waiters.get(id) ?? []), resolve]));
    },
    resume: () => {
      for (const [, record] of deps.records.entries()) {
        if (record.status === "InProgress") schedule(record, Math.max(0, record.dueMs - deps.now()));
      }
    },
    [Symbol.asyncDispose]: async () => {
      isClosed = true;
      for (const timer of timers.values()) clearTimeout(timer);
      await Promise.all(running.values());
    },
  };
}
