import { HoldfastError } from "@holdfast/kernel";

const sqlite = { busy: 5, locked: 6, readOnly: 8, ioError: 10, corrupt: 11, full: 13, cantOpen: 14, notADatabase: 26 };

/** The primary SQLite result code of an error of `node:sqlite`, or null for any other error. */
export function sqliteResultCode(error: unknown): number | null {
  if (!(error instanceof Error) || !("errcode" in error) || typeof error.errcode !== "number") return null;
  // Extended codes carry the primary one in their low byte.
  return error.errcode & 0xff;
}

/** Names what SQLite met, so that a user can act on it; answers any other error unchanged. */
export function explainSqliteError(error: unknown, file: string): unknown {
  const details = { file };
  switch (sqliteResultCode(error) ?? 0) {
    case sqlite.busy:
    case sqlite.locked:
      return new HoldfastError({
        code: "catalog.file.busy",
        message: `the catalog ${file} stayed locked by another process for 5 seconds`,
        advice: "Run the command again; where this repeats, find the process that holds the file open.",
        kind: "fault",
        isRetryable: true,
        details,
        cause: error,
      });
    case sqlite.full:
      return new HoldfastError({
        code: "catalog.disk.full",
        message: `no space is left for the catalog ${file}; nothing was written`,
        advice: "Free space on its volume, then run the command again.",
        kind: "fault",
        details,
        cause: error,
      });
    case sqlite.readOnly:
    case sqlite.cantOpen:
      return new HoldfastError({
        code: "catalog.file.refused",
        message: `the catalog ${file} cannot be opened for writing`,
        advice: "Check the owner and rights of the file and of its folder, and whether the volume is read-only.",
        details,
        cause: error,
      });
    case sqlite.ioError:
    case sqlite.corrupt:
    case sqlite.notADatabase:
      return unreadableCatalog(file, "SQLite reports damage or a failed read", error);
    default:
      return error;
  }
}

export function unreadableCatalog(file: string, reason: string, cause?: unknown): HoldfastError {
  return new HoldfastError({
    code: "catalog.file.unreadable",
    message: `the catalog ${file} cannot be read: ${reason}`,
    advice:
      "Keep the file aside and begin a new catalog: points stay in their repository. Add the stamps again by `holdfast stamp add` and the repositories by `holdfast repo add`.",
    details: { file },
    cause,
  });
}
