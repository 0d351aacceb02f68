import { execFileSync } from "node:child_process";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { RecoveryPoint } from "@holdfast/domain";
import type { FaultBoard } from "@holdfast/emulator";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { ProductStage } from "./product-stage.ts";
import { runAndSignal, watchCalls } from "./stopped-run.ts";
import {
  connectAll,
  connectWords,
  diskNames,
  group,
  openProductStage,
  placeVm,
  snapshotNames,
} from "./product-stage.ts";

let stage: ProductStage;
let points: number;

beforeAll(async () => {
  stage = await openProductStage([{ name: "east" }, { name: "tight", quotas: { cores: 0 } }]);
  await connectAll(stage);
  await placeVm(stage, "web");
  await stage.holdfast.json("discover", "east");
  await backupWeb();
  points = 1;
});
afterAll(() => stage?.[Symbol.asyncDispose]());
afterEach(() => {
  for (const running of stage.emulator.stamps) running.faults.clear();
});

async function backupWeb(...options: string[]): Promise<RecoveryPoint> {
  return await stage.holdfast.json("backup", "web", "--stamp", "east", "--running-snapshot", ...options);
}

interface Ending {
  readonly exit: number;
  readonly code: string;
}

async function run(...words: string[]): Promise<Ending> {
  const { code, stdout, stderr } = await stage.holdfast.run([...words, "--json"]);
  const found = (JSON.parse(stdout === "" ? "{}" : stdout) as { readonly error?: { readonly code: string } }).error;
  return { exit: code, code: found?.code ?? `none: ${stderr}` };
}

/** The failed command left the base snapshot and no more, and the next backup works. */
async function expectNothingLost(): Promise<void> {
  stage.stamp("east").faults.clear();
  await backupWeb();
  points += 1;
  expect(await snapshotNames(stage)).toHaveLength(1);
  expect(await diskNames(stage)).toEqual(["web-os"]);
  expect(await stage.holdfast.json<RecoveryPoint[]>("points")).toHaveLength(points);
}

describe("connecting a stamp", () => {
  const connect = (name: string, ...changes: string[]): Promise<Ending> => {
    const words = connectWords(stage.stamp(name), ...changes);
    words[2] = "again";
    return run(...words);
  };
  afterEach(async () => {
    const stamps = await stage.holdfast.json<{ readonly name: string }[]>("stamp", "list");
    expect(stamps.map(({ name }) => name)).not.toContain("again");
  });

  test("a wrong secret", async () => {
    const file = join(stage.folder, "wrong-secret");
    await writeFile(file, "not the secret", { mode: 0o600 });
    const ending = await connect("east", "--secret-file", file);
    expect(ending).toEqual({ exit: 12, code: "stackhub.identity.wrong-secret" });
  });

  test("an authority that is not the stamp's", async () => {
    const { rootCertificates } = await import("node:tls");
    const file = join(stage.folder, "other-ca.pem");
    await writeFile(file, rootCertificates[0]!);
    const ending = await connect("east", "--ca", file);
    expect(ending).toEqual({ exit: 1, code: "stackhub.tls.untrusted" });
  });

  test("a stamp that answers HTML", async () => {
    stage.stamp("east").faults.add({ kind: "answer-html", plane: "arm" });
    const ending = await connect("east");
    expect(ending).toEqual({ exit: 1, code: "stackhub.arm.not-a-stamp" });
  });
});

describe("a stamp whose clock is three hours off", () => {
  const skewMs = 3 * 3_600_000;
  let identity: string[];

  beforeAll(async () => {
    const [key, certificate, both] = ["key", "certificate", "client"].map((name) => join(stage.folder, `${name}.pem`));
    const request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=holdfast"];
    execFileSync("openssl", [...request, "-keyout", key!, "-out", certificate!], { stdio: "ignore" });
    const pem = await readFile(certificate!, "utf8");
    await writeFile(both!, `${await readFile(key!, "utf8")}${pem}`, { mode: 0o600 });
    const { emulator } = stage;
    const answer = await fetch(`${emulator.controlUrl}/stamps/east/principals`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${(await readFile(emulator.controlTokenFile, "utf8")).trim()}`,
        "content-type": "application/json",
      },
      body: JSON.stringify({
        displayName: "holdfast",
        certificate: pem,
        role: "Contributor",
        scope: `/subscriptions/${stage.stamp("east").subscriptionId}`,
      }),
    });
    const { clientId } = (await answer.json()) as { readonly clientId: string };
    identity = ["--client-id", clientId, "--certificate", both!];
  });

  /** The words that connect by a certificate: those of the secret left out. */
  const byCertificate = (name: string): string[] => {
    const words = connectWords(stage.stamp("east"), ...identity);
    words[2] = name;
    const secret = words.indexOf("--secret-file");
    return [...words.slice(0, secret), ...words.slice(secret + 2)];
  };

  test.each([skewMs, -skewMs])("%i ms: a secret signs in, and the skew is shown", async (offMs) => {
    stage.stamp("east").faults.add({ kind: "clock-skew", skewMs: offMs });
    const words = connectWords(stage.stamp("east"));
    words[2] = "skewed";
    const { code, stdout } = await stage.holdfast.run(words);
    await stage.holdfast.json("stamp", "remove", "skewed");
    expect(code).toBe(0);
    const shownSeconds = Number(/clock +(-?\d+) s from ours/.exec(stdout)?.[1]);
    expect(Math.abs(shownSeconds - offMs / 1000)).toBeLessThan(60);
  });

  test.each([skewMs, -skewMs])("%i ms: a certificate is refused for the clock, and told so", async (offMs) => {
    stage.stamp("east").faults.add({ kind: "clock-skew", skewMs: offMs });
    expect(await run(...byCertificate("skewed"))).toEqual({ exit: 12, code: "stackhub.identity.clock-skew" });
  });

  test("by the right time the same certificate signs in", async () => {
    const { code } = await stage.holdfast.run(byCertificate("certified"));
    await stage.holdfast.json("stamp", "remove", "certified");
    expect(code).toBe(0);
  });
});

describe("a backup that cannot be", () => {
  test("an unknown VM", async () => {
    expect(await run("backup", "wbe", "--stamp", "east")).toEqual({ exit: 10, code: "cli.vm.not-found" });
  });

  test("a wrong passphrase", async () => {
    const file = join(stage.folder, "wrong-passphrase");
    await writeFile(file, "another passphrase", { mode: 0o600 });
    const ending = await run("backup", "web", "--stamp", "east", "--passphrase-file", file);
    expect(ending).toEqual({ exit: 12, code: "repository.key.wrong-passphrase" });
    await expectNothingLost();
  });

  test("a snapshot that the stamp fails to make", async () => {
    stage.stamp("east").faults.add({ kind: "fail-operation", pattern: "/snapshots/" });
    const ending = await run("backup", "web", "--stamp", "east", "--running-snapshot");
    expect(ending).toEqual({ exit: 1, code: "stackhub.arm.operation-failed" });
    await expectNothingLost();
  });

  const backupWords = ["backup", "web", "--stamp", "east", "--running-snapshot", "--full", "--json"];
  const read = /^GET [^ ]*\.blob\.|^GET [^ ]*md-/i;

  test("Ctrl-C while the disk is read", async () => {
    const stop = { stamp: "east", signal: "SIGINT", call: 2, pattern: read } as const;
    const { code, stdout } = await runAndSignal(stage, backupWords, stop);
    expect(code).toBe(130);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: "cli.run.interrupted" } });
    await expectNothingLost();
  });

  test("another backup of the same VM at the same time", async () => {
    const second = Promise.withResolvers<Ending>();
    let isStarted = false;
    stage.stamp("east").faults.add({ kind: "limit-bandwidth", bytesPerSecond: 1_000_000 });
    const unwatch = watchCalls(stage.stamp("east"), (subject) => {
      if (isStarted || !read.test(subject)) return;
      isStarted = true;
      run("backup", "web", "--stamp", "east", "--running-snapshot").then(second.resolve, second.reject);
    });
    await backupWeb("--full");
    unwatch();
    points += 1;
    expect(await second.promise).toEqual({ exit: 11, code: "catalog.run.busy" });
    await expectNothingLost();
  });
});

describe("a restore that cannot be", () => {
  test("a quota that is too small, before the first write", async () => {
    const tenant = stage.tenant("tight");
    const subnet = `${tenant.groupId(group)}/providers/Microsoft.Network/virtualNetworks/vnet/subnets/default`;
    const where = ["--to", "tight", "--name", "web", "--resource-group", group, "--subnet", subnet, "--yes"];
    expect(await run("restore", "vm", "web@latest", ...where)).toEqual({ exit: 1, code: "engine.restore.refused" });
    expect(await diskNames(stage, "tight")).toEqual([]);
  });
});

describe("a stamp with a bad day is survived", () => {
  const survived: readonly (readonly [string, Parameters<FaultBoard["add"]>[0]])[] = [
    ["refusals for load, with Retry-After", { kind: "throttle", count: 3, retryAfterSeconds: 1 }],
    ["a SAS that runs out", { kind: "expire-sas", count: 1 }],
    [
      "an answer that is cut",
      { kind: "cut-response", plane: "blob", count: 1, afterBytes: 1000, pattern: "^GET (?!.*comp=)" },
    ],
  ];
  test.for(survived)("%s", async ([, fault]) => {
    const { faults } = stage.stamp("east");
    faults.add(fault);
    await backupWeb("--full");
    points += 1;
    expect(faults.list().every(({ hits }) => hits > 0)).toBe(true);
    await stage.holdfast.json("check");
    await expectNothingLost();
  });
});

test("a damaged pack is found and named", async () => {
  const names = await readdir(stage.repository, { recursive: true });
  const pack = join(
    stage.repository,
    names.find((name) => /^packs\/[^/]+\/[^/]+$/.test(name))!,
  );
  const bytes = await readFile(pack);
  bytes[100]! ^= 0xff;
  await writeFile(pack, bytes);
  const { code, stdout } = await stage.holdfast.run(["check", "--json"]);
  expect(code).toBe(21);
  expect(stdout).toMatch(/repository\.(chunk|pack)\.damaged/);
});
