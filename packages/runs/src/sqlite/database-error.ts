import { HoldfastError } from "@holdfast/kernel";

const sqlite = { busy: 5, locked: 6, readOnly: 8, ioError: 10, corrupt: 11, full: 13, cantOpen: 14, notADatabase: 26 };

/** Names what SQLite met, so that a user can act on it; answers any other error unchanged. */
export function explainDatabaseError(error: unknown, file: string): unknown {
  if (!(error instanceof Error) || !("errcode" in error) || typeof error.errcode !== "number") return error;
  const found = { details: { file }, cause: error };
  // Extended codes carry the primary one in their low byte.
  switch (error.errcode & 0xff) {
    case sqlite.busy:
    case sqlite.locked:
      return new HoldfastError({
        code: "runs.file.busy",
        message: `the file of runs ${file} is locked by another process`,
        advice: "Try again; where this repeats, find the process that holds the file open.",
        kind: "fault",
        isRetryable: true,
        ...found,
      });
    case sqlite.full:
      return new HoldfastError({
        code: "runs.disk.full",
        message: `no space is left for the file of runs ${file}; nothing was written`,
        advice: "Free space on its volume. Workers go on by themselves.",
        kind: "fault",
        isRetryable: true,
        ...found,
      });
    case sqlite.readOnly:
    case sqlite.cantOpen:
      return refusedFile(file, error);
    case sqlite.ioError:
    case sqlite.corrupt:
    case sqlite.notADatabase:
      return new HoldfastError({
        code: "runs.file.unreadable",
        message: `the file of runs ${file} cannot be read: SQLite reports damage or a failed read`,
        advice:
          "Stop all processes of Holdfast, keep the file aside and start again: schedules begin new runs, and the janitor removes what the lost ones left.",
        ...found,
      });
    default:
      return error;
  }
}

export function refusedFile(file: string, cause: unknown): HoldfastError {
  return new HoldfastError({
    code: "runs.file.refused",
    message: `the file of runs ${file} cannot be opened for writing`,
    advice: "Check the owner and rights of the file and of its folder, and whether the volume is read-only.",
    details: { file },
    cause,
  });
}
