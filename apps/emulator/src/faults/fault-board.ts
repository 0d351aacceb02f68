import { type Fault, type FaultInput, type FaultKind, type FaultOf, faultSchema } from "./fault.ts";

export interface FaultEntry {
  readonly id: string;
  readonly fault: Fault;
  /** How often it struck so far. */
  readonly hits: number;
}

/** The faults of one stamp. Kept in memory only: a restart heals. */
export interface FaultBoard {
  /** Checks and adds a fault; answers its id. Throws a ZodError for one that makes no sense. */
  add(input: FaultInput): string;
  /** The first fault of the kind that matches the subject, counted as a hit; undefined where none strikes. */
  take<K extends FaultKind>(kind: K, subject?: string): FaultOf<K> | undefined;
  /** As `take`, but without counting: for standing conditions such as a skew or a full volume. */
  peek<K extends FaultKind>(kind: K, subject?: string): FaultOf<K> | undefined;
  list(): readonly FaultEntry[];
  /** Removes one fault, or all of them. */
  clear(id?: string): void;
  /** Called after each change. */
  onChange(listener: () => void): void;
}

interface Standing {
  readonly fault: Fault;
  readonly expression: RegExp | undefined;
  hits: number;
}

const isFaultOf = <K extends FaultKind>(fault: Fault, kind: K): fault is FaultOf<K> => fault.kind === kind;

export function createFaultBoard(): FaultBoard {
  const standing = new Map<string, Standing>();
  const listeners: (() => void)[] = [];
  let lastNumber = 0;
  const notify = (): void => {
    for (const listener of listeners) listener();
  };
  const find = <K extends FaultKind>(kind: K, subject: string): [Standing, FaultOf<K>] | undefined => {
    for (const entry of standing.values()) {
      const { fault } = entry;
      if (!isFaultOf(fault, kind)) continue;
      const count = "count" in fault ? fault.count : undefined;
      if (count !== undefined && entry.hits >= count) continue;
      if (entry.expression === undefined || entry.expression.test(subject)) return [entry, fault];
    }
    return undefined;
  };
  return {
    add: (input) => {
      const fault = faultSchema.parse(input);
      const pattern = "pattern" in fault ? fault.pattern : undefined;
      const id = `fault-${++lastNumber}`;
      standing.set(id, { fault, expression: pattern === undefined ? undefined : new RegExp(pattern, "i"), hits: 0 });
      notify();
      return id;
    },
    take: (kind, subject = "") => {
      const found = find(kind, subject);
      if (found === undefined) return undefined;
      found[0].hits += 1;
      return found[1];
    },
    peek: (kind, subject = "") => find(kind, subject)?.[1],
    list: () => [...standing].map(([id, { fault, hits }]) => ({ id, fault, hits })),
    clear: (id) => {
      if (id === undefined) standing.clear();
      else standing.delete(id);
      notify();
    },
    onChange: (listener) => void listeners.push(listener),
  };
}
