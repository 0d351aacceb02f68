import { execFileSync } from "node:child_process";
import { randomBytes, randomUUID } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { HoldfastCli } from "../support/holdfast-cli.ts";
import { openHoldfastCli } from "../support/holdfast-cli.ts";
import type { ProductStage } from "./product-stage.ts";
import { connectAll, connectWords, openProductStage, placeVm, snapshotNames } from "./product-stage.ts";

let stage: ProductStage;

beforeAll(async () => {
  stage = await openProductStage([{ name: "east" }, { name: "north", identity: "entra" }]);
  await connectAll(stage);
  await placeVm(stage, "web");
});
afterAll(() => stage?.[Symbol.asyncDispose]());

async function endingOf(
  holdfast: HoldfastCli,
  ...words: string[]
): Promise<{ readonly exit: number; readonly code: string }> {
  const { code, stdout, stderr } = await holdfast.run([...words, "--json"]);
  const found = (JSON.parse(stdout === "" ? "{}" : stdout) as { readonly error?: { readonly code: string } }).error;
  return { exit: code, code: found?.code ?? `none: ${stderr}` };
}

/** A principal that may read the subscription and nothing more; answers its id and the file with its secret. */
async function addReader(): Promise<{ readonly clientId: string; readonly secretFile: string }> {
  const { emulator, folder } = stage;
  const secret = randomBytes(18).toString("base64url");
  const token = (await readFile(emulator.controlTokenFile, "utf8")).trim();
  const scope = `/subscriptions/${stage.stamp("east").subscriptionId}`;
  const answer = await fetch(`${emulator.controlUrl}/stamps/east/principals`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({ displayName: "reader", secret, role: "Reader", scope }),
  });
  const secretFile = join(folder, "reader-secret");
  await writeFile(secretFile, secret, { mode: 0o600 });
  return { clientId: ((await answer.json()) as { readonly clientId: string }).clientId, secretFile };
}

describe("rights", () => {
  test("an identity that may only read discovers, but cannot snapshot, and leaves nothing", async () => {
    const reader = await addReader();
    const holdfast = openHoldfastCli(join(stage.folder, "reader-home"), stage.passphraseFile);
    const identity = ["--client-id", reader.clientId, "--secret-file", reader.secretFile];
    await holdfast.json(...connectWords(stage.stamp("east"), ...identity));
    await holdfast.json(
      "repo",
      "init",
      join(stage.folder, "reader-repo"),
      "--recovery-kit",
      join(stage.folder, "reader-kit"),
    );
    await holdfast.json("discover", "east");
    expect(await endingOf(holdfast, "backup", "web", "--running-snapshot")).toEqual({
      exit: 12,
      code: "stackhub.arm.forbidden",
    });
    expect(await snapshotNames(stage)).toEqual([]);
    expect(await holdfast.json("points")).toEqual([]);
  });

  test("a tenant that the identity provider does not know", async () => {
    const north = stage.stamp("north");
    const words = connectWords(north, "--arm", north.armUrl, "--tenant", randomUUID());
    expect(await endingOf(stage.holdfast, ...words)).toEqual({ exit: 12, code: "stackhub.identity.wrong-tenant" });
  });
});

describe("a lost catalog and a forgotten passphrase", () => {
  test("the recovery kit alone brings the points back", async () => {
    const kit = join(stage.folder, "kit.txt");
    await stage.holdfast.json("backup", "web", "--stamp", "east", "--running-snapshot");
    const afresh = openHoldfastCli(join(stage.folder, "new-home"), join(stage.folder, "no-such-file"));
    const added = await afresh.json<{ readonly pointCount: number }>(
      "repo",
      "add",
      stage.repository,
      "--recovery-code-file",
      kit,
    );
    expect(added.pointCount).toBe(1);
    expect(await afresh.json("points", "--recovery-code-file", kit)).toHaveLength(1);
    expect((await afresh.run(["check", "--recovery-code-file", kit])).code).toBe(0);
    const raw = join(stage.folder, "from-kit.raw");
    await afresh.json("export", "web@latest", "--to", raw, "--recovery-code-file", kit);
    const wrong = join(stage.folder, "wrong-code");
    await writeFile(wrong, (await readFile(kit, "utf8")).replace(/^(Code:\s*)\S{4}/m, "$10000"), { mode: 0o600 });
    expect((await endingOf(afresh, "points", "--recovery-code-file", wrong)).exit).not.toBe(0);
  });
});

// A volume that is really full needs a mount of its own, and so root.
describe.runIf(process.getuid?.() === 0)("a repository on a full volume", () => {
  test("is told as such, leaves no snapshot, and takes the capture once there is room", async () => {
    const volume = join(stage.folder, "small-volume");
    await mkdir(volume);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=2m", "tmpfs", volume]);
    try {
      const holdfast = openHoldfastCli(join(stage.folder, "full-home"), stage.passphraseFile);
      await holdfast.json(...connectWords(stage.stamp("east")));
      await holdfast.json("repo", "init", join(volume, "repo"), "--recovery-kit", join(stage.folder, "full-kit"));
      const before = await snapshotNames(stage);
      const full = await endingOf(holdfast, "backup", "web", "--running-snapshot");
      expect(full).toEqual({ exit: 1, code: "repository.store.full" });
      expect(await snapshotNames(stage)).toEqual(before);
      execFileSync("mount", ["-o", "remount,size=64m", volume]);
      await holdfast.json("backup", "web", "--running-snapshot");
      expect(await holdfast.json("points")).toHaveLength(1);
      expect((await holdfast.run(["check"])).code).toBe(0);
    } finally {
      execFileSync("umount", [volume]);
    }
  });
});
