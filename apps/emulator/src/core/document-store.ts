import type { StampDatabase } from "./stamp-database.ts";

/** Values of one kind by key, kept in the stamp's database. Durable when a call returns. */
export interface DocumentStore<T> {
  get(key: string): T | undefined;
  put(key: string, value: T): void;
  delete(key: string): void;
  entries(): readonly (readonly [string, T])[];
}

export function createDocumentStore<T>(database: StampDatabase, kind: string): DocumentStore<T> {
  const values = new Map<string, T>();
  for (const { key, json } of database.readDocuments(kind)) values.set(key, JSON.parse(json) as T);
  return {
    get: (key) => values.get(key),
    put: (key, value) => {
      database.writeDocument(kind, key, JSON.stringify(value));
      values.set(key, value);
    },
    delete: (key) => {
      database.removeDocument(kind, key);
      values.delete(key);
    },
    entries: () => [...values],
  };
}
