import { HoldfastError } from "@holdfast/kernel";
import { SkippingClock } from "@holdfast/kernel/testing";
import { expect, test } from "vitest";
import { explainPostgresError, isPassing, untilReachable } from "./database-error.ts";

const withCode = (code: string, message = "said by the server"): Error => Object.assign(new Error(message), { code });

test.each([
  ["a server that shuts down", withCode("57P01"), true],
  ["a server that starts", withCode("57P03"), true],
  ["a deadlock", withCode("40P01"), true],
  ["a broken connection", withCode("08006"), true],
  ["a pipe that broke", withCode("EPIPE"), true],
  ["a socket that is not there", withCode("ENOENT"), true],
  ["a connection that ended without a code", new Error("Connection terminated unexpectedly"), true],
  ["what DBOS wraps", Object.assign(new Error("failed to start"), { error: withCode("ECONNREFUSED") }), true],
  ["what was explained already", explainPostgresError(withCode("57P01")), true],
  ["a table that is missing", withCode("42P01"), false],
  ["a constraint", withCode("23505", "duplicate key; connection terminated"), false],
  ["an error of the product", new HoldfastError({ code: "a.b", message: "m", advice: "a" }), false],
  ["no error at all", "text", false],
])("%s is told from what passes", (_, error, expected) => {
  expect(isPassing(error)).toBe(expected);
});

test("a database that is away has a name, and other errors keep theirs", () => {
  const cause = withCode("57P01");
  expect(explainPostgresError(cause)).toMatchObject({ code: "runs.database.unreachable", isRetryable: true, cause });
  const other = withCode("42P01");
  expect(explainPostgresError(other)).toBe(other);
});

test("a query is made until the database is there, with longer and longer waits", async () => {
  const clock = new SkippingClock();
  let tries = 0;
  const answer = await untilReachable(clock, new AbortController().signal, async () => {
    tries += 1;
    if (tries < 9) throw withCode("ECONNREFUSED");
    return "there";
  });
  expect(answer).toBe("there");
  expect(clock.sleptMs).toEqual([50, 100, 200, 400, 800, 1600, 2000, 2000]);
});

test("a query that fails for another reason is not repeated, and an aborted wait ends", async () => {
  const clock = new SkippingClock();
  const broken = untilReachable(clock, new AbortController().signal, () => Promise.reject(withCode("42P01")));
  await expect(broken).rejects.toMatchObject({ code: "42P01" });
  const aborted = untilReachable(clock, AbortSignal.abort(new Error("stopped")), () =>
    Promise.reject(withCode("ECONNREFUSED")),
  );
  await expect(aborted).rejects.toThrow("stopped");
});
