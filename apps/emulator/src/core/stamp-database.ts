import { DatabaseSync } from "node:sqlite";

/**
 * The file behind one stamp. WAL with `synchronous=FULL`: a write that returned survives a kill and a power cut.
 * Documents are small JSON values by kind and key: operations, principals, tags.
 */
export interface StampDatabase extends Disposable {
  readResources(): string[];
  writeResource(key: string, json: string): void;
  removeResource(key: string): void;
  readDocuments(kind: string): { readonly key: string; readonly json: string }[];
  writeDocument(kind: string, key: string, json: string): void;
  removeDocument(kind: string, key: string): void;
}

/** Opens (or makes) the database; `:memory:` for an ephemeral stamp. */
export function openStampDatabase(file: string): StampDatabase {
  const database = new DatabaseSync(file);
  database.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    CREATE TABLE IF NOT EXISTS resources (key TEXT PRIMARY KEY, json TEXT NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS documents
      (kind TEXT NOT NULL, key TEXT NOT NULL, json TEXT NOT NULL, PRIMARY KEY (kind, key)) STRICT, WITHOUT ROWID;
  `);
  const readResources = database.prepare("SELECT json FROM resources ORDER BY key");
  const writeResource = database.prepare("INSERT OR REPLACE INTO resources (key, json) VALUES (?, ?)");
  const removeResource = database.prepare("DELETE FROM resources WHERE key = ?");
  const readDocuments = database.prepare("SELECT key, json FROM documents WHERE kind = ? ORDER BY key");
  const writeDocument = database.prepare("INSERT OR REPLACE INTO documents (kind, key, json) VALUES (?, ?, ?)");
  const removeDocument = database.prepare("DELETE FROM documents WHERE kind = ? AND key = ?");
  return {
    readResources: () => readResources.all().map((row) => String(row["json"])),
    writeResource: (key, json) => void writeResource.run(key, json),
    removeResource: (key) => void removeResource.run(key),
    readDocuments: (kind) =>
      readDocuments.all(kind).map((row) => ({ key: String(row["key"]), json: String(row["json"]) })),
    writeDocument: (kind, key, json) => void writeDocument.run(kind, key, json),
    removeDocument: (kind, key) => void removeDocument.run(kind, key),
    [Symbol.dispose]: () => database.close(),
  };
}
