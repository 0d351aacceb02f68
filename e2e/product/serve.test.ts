import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { RecoveryPoint } from "@holdfast/domain";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ProductStage } from "./product-stage.ts";
import { connectAll, openProductStage, placeVm, snapshotNames } from "./product-stage.ts";
import { runAndSignal } from "./stopped-run.ts";

let stage: ProductStage;
let file = "";

const policies = `
version: 1
slots: 2
policies:
  gold:
    every: 1h
    repository: vault
    keep: { last: 24 }
    running-snapshots: { allowed-by: Ada, why: a test }
applications:
  shop: { owner: Ada, select: [{ name: "*" }], policy: gold, rto: 4h, rpo: 2h }
`;

beforeAll(async () => {
  stage = await openProductStage();
  await connectAll(stage);
  for (const name of ["web", "mail", "files"]) await placeVm(stage, name);
  const [repository] = await stage.holdfast.json<{ name: string }[]>("repo", "info").then((one) => [one].flat());
  file = join(stage.folder, "policy.yaml");
  await writeFile(file, policies.replace("vault", repository!.name));
  await stage.holdfast.json("discover");
});
afterAll(() => stage?.[Symbol.asyncDispose]());

interface Status {
  readonly applications: readonly {
    readonly vms: readonly { readonly newestDataAtMs: number | null; readonly ageMs: number | null }[];
  }[];
}

const namesOf = (points: readonly RecoveryPoint[]): string[] => points.map(({ instance }) => instance.name).toSorted();
const listPoints = (): Promise<RecoveryPoint[]> => stage.holdfast.json("points");

test("without policies there is nothing to serve, and it is said", async () => {
  const refused = await stage.holdfast.run(["serve", "--drain", "--json"]);
  expect(JSON.parse(refused.stdout).error.code).toBe("serve.policies.missing");
});

test("a schedule killed in the middle of its captures is taken up again, and every VM gets its point", async () => {
  const planned = await stage.holdfast.run(["plan", "--file", file, "--json"]);
  expect([planned.code, JSON.parse(planned.stdout).protectedCount]).toEqual([4, 3]);
  await stage.holdfast.json("apply", "--file", file, "--plan", JSON.parse(planned.stdout).digest, "--yes");
  const before = await stage.holdfast.json<Status>("status");
  expect(before.applications[0]!.vms.map(({ newestDataAtMs }) => newestDataAtMs)).toEqual([null, null, null]);
  const serve = ["serve", "--drain", "--look-every", "1m", "--json"];
  const killed = await runAndSignal(stage, serve, { stamp: "east", signal: "SIGKILL", call: 30 });
  expect(killed.code, "the signal ended it").toBeNull();
  await stage.holdfast.json(...serve.slice(0, -1));
  expect([...new Set(namesOf(await listPoints()))]).toEqual(["files", "mail", "web"]);
  expect((await stage.holdfast.json<{ findings: unknown[] }>("check")).findings).toEqual([]);
  const after = await stage.holdfast.json<Status>("status");
  expect(after.applications).toMatchObject([{ application: "shop", status: "unproven" }]);
  for (const { ageMs } of after.applications[0]!.vms) expect(ageMs).toBeLessThan(3_600_000);
  expect((await snapshotNames(stage)).length, "one base for each VM").toBe(3);
});

test("once all have their points nothing is due until their turns come", async () => {
  const before = (await listPoints()).length;
  const idle = await stage.holdfast.json<{ started: unknown[]; nextMs: number; atMs: number }>("serve", "--drain");
  expect(idle.started).toEqual([]);
  expect(idle.nextMs - idle.atMs).toBeLessThanOrEqual(3_600_000);
  expect((await listPoints()).length).toBe(before);
});
