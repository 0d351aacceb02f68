import { readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { startArmFixture } from "../testing/arm-fixture.ts";
import { send } from "../testing/stamp-client.ts";
import { createFaultBoard } from "./fault-board.ts";

describe("createFaultBoard", () => {
  test("strikes as often as was asked, only on what matches, and counts", () => {
    const board = createFaultBoard();
    board.add({ kind: "fail-operation", pattern: "snapshots/a", count: 2 });
    expect(board.take("fail-operation", "put /snapshots/b")).toBeUndefined();
    expect(board.peek("fail-operation", "put /SNAPSHOTS/A")).toBeDefined();
    expect(board.take("fail-operation", "put /snapshots/a")).toBeDefined();
    expect(board.take("fail-operation", "put /snapshots/a")).toBeDefined();
    expect(board.take("fail-operation", "put /snapshots/a")).toBeUndefined();
    expect(board.list().map((entry) => entry.hits)).toEqual([2]);
    board.clear();
    expect(board.list()).toEqual([]);
  });

  test("refuses a fault that makes no sense", () => {
    // @ts-expect-error a fault without its number
    expect(() => createFaultBoard().add({ kind: "slow-operation" })).toThrow();
  });
});

describe("the control API", () => {
  test("throttles, answers HTML, cuts answers, and lists what it hit", async () => {
    await using fixture = await startArmFixture();
    const { emulator, stamp, ca, client } = fixture;
    const control = async (method: string, path: string, body?: unknown): Promise<Response> =>
      fetch(`${emulator.controlUrl}/stamps/east/${path}`, {
        method,
        headers: { authorization: `Bearer ${emulator.controlToken}` },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    const get = () => client.arm("GET", "/subscriptions", "2016-06-01");

    await control("POST", "faults", { kind: "throttle", plane: "arm", count: 1, retryAfterSeconds: 7 });
    const throttled = await get();
    expect([throttled.status, throttled.headers["retry-after"]]).toEqual([429, "7"]);
    expect((await get()).status).toBe(200);

    await control("POST", "faults", { kind: "answer-html", count: 1 });
    expect((await get()).headers["content-type"]).toContain("text/html");

    await control("POST", "faults", { kind: "cut-response", count: 1, afterBytes: 10 });
    await expect(get()).rejects.toThrow();

    const listed = (await (await control("GET", "faults")).json()) as { faults: { hits: number }[] };
    expect(listed.faults.map((entry) => entry.hits)).toEqual([1, 1, 1]);
    expect((await control("DELETE", "faults")).status).toBe(204);
    expect((await control("POST", "faults", { kind: "meteor" })).status).toBe(400);
    expect((await fetch(`${emulator.controlUrl}/stamps`)).status).toBe(401);
    expect((await send(`${stamp.armUrl}/metadata/endpoints?api-version=1.0`, ca)).status).toBe(200);
  });

  test("fails an operation by pattern and leaves what it worked on", async () => {
    await using fixture = await startArmFixture();
    const { stamp, client, group } = fixture;
    stamp.faults.add({ kind: "fail-operation", pattern: "resourceGroups/rg1", count: 1, code: "Busy", message: "no" });
    const failed = await client.settle(await client.arm("DELETE", group, "2019-10-01"));
    expect([failed.status, failed.body]).toEqual([500, { error: { code: "Busy", message: "no" } }]);
    expect((await client.arm("GET", group, "2019-10-01")).status).toBe(200);
  });

  test("loses a stamp and brings it back under the same address", async () => {
    await using fixture = await startArmFixture();
    const { stamp, client } = fixture;
    const id = stamp.faults.add({ kind: "lose-stamp" });
    await expect(client.arm("GET", "/subscriptions", "2016-06-01")).rejects.toThrow();
    stamp.faults.clear(id);
    await expect
      .poll(() =>
        client.arm("GET", "/subscriptions", "2016-06-01").then(
          (r) => r.status,
          () => 0,
        ),
      )
      .toBe(200);
  });
});

test("a recording holds exchanges without credentials", async () => {
  const record = join(tmpdir(), `emulator-record-${randomUUID()}.jsonl`);
  try {
    {
      await using fixture = await startArmFixture({}, { record });
      await fixture.client.arm("GET", fixture.group, "2019-10-01");
    }
    const text = await readFile(record, "utf8");
    const exchanges = text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { plane: string; status: number; requestBody?: string });
    expect(exchanges.map((one) => [one.plane, one.status])).toEqual([
      ["other", 200],
      ["arm", 201],
      ["arm", 200],
    ]);
    expect(exchanges[1]?.requestBody).toBe('{"location":"east"}');
    expect(text).not.toMatch(/Bearer ey|client_secret/);
  } finally {
    await rm(record, { force: true });
  }
});
