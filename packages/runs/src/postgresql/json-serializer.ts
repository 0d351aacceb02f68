import type { DBOSSerializer } from "@dbos-inc/dbos-sdk";

/** Plain JSON in DBOS's tables, so that our triggers and an operator's queries can read it. */
export const jsonSerializer: DBOSSerializer = {
  name: () => "holdfast-json",
  stringify: (value) => JSON.stringify(value ?? null) ?? "null",
  parse: (text) => (text === null || text === undefined ? null : (JSON.parse(text) as unknown)),
};
