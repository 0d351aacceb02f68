import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { createFakeServices } from "../testing/fake-services.ts";
import { createFakeTerminal } from "../testing/fake-terminal.ts";
import { runCli } from "./run-cli.ts";

async function makeHome() {
  const path = await mkdtemp(join(tmpdir(), "holdfast-cli-"));
  const services = createFakeServices({ HOLDFAST_HOME: join(path, "home") });
  const run = async (args: readonly string[], answers: readonly string[] = []) => {
    const terminal = createFakeTerminal(answers);
    return { exitCode: await runCli(args, { terminal, services }), terminal };
  };
  return { path, services, run, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

test("repo init shows the kit and makes the repository once its last group is typed back", async () => {
  await using home = await makeHome();
  const init = ["repo", "init", join(home.path, "data")];
  const { exitCode, terminal } = await home.run(init, ["correct horse", "correct horse", "KIT9 "]);
  expect(exitCode).toBe(0);
  expect(terminal.err()).toContain("abcd-efgh-kit9");
  expect(terminal.out()).not.toContain("abcd-efgh-kit9");
  expect(terminal.out() + terminal.err()).not.toContain("correct horse");
  expect((await home.run(["repo", "info"])).terminal.out()).toMatch(/default +.+data +repository-1 +yes/);
});

test.each([
  ["a wrong group", ["correct horse", "correct horse", "kit8"], "cli.kit.unconfirmed", 1],
  ["passphrases that differ", ["correct horse", "correct house"], "cli.passphrase.differs", 2],
  ["an empty passphrase", ["", ""], "cli.passphrase.empty", 2],
] as const)("repo init makes nothing after %s", async (_name, answers, code, exitCode) => {
  await using home = await makeHome();
  const refused = await home.run(["repo", "init", join(home.path, "data")], answers);
  expect(refused.exitCode).toBe(exitCode);
  expect(refused.terminal.err()).toContain(`error ${code}: `);
  expect(JSON.parse((await home.run(["repo", "info", "--json"])).terminal.out())).toEqual([]);
});

test("the second Ctrl-C leaves at once", async () => {
  await using home = await makeHome();
  const secret = join(home.path, "secret");
  await writeFile(secret, "s", { mode: 0o644 });
  const arm = "https://management.slow.ash.example";
  const add = ["stamp", "add", "slow", "--arm", arm, "--tenant", "adfs", "--client-id", "c", "--secret-file", secret];
  await home.run(add);
  const terminal = createFakeTerminal();
  const discovering = runCli(["discover"], { terminal, services: home.services });
  terminal.interrupt();
  expect(terminal.left).toEqual([]);
  terminal.interrupt();
  expect(terminal.left).toEqual([130]);
  expect(await discovering).toBe(130);
});

test("a word that is no command gets the nearest one", async () => {
  await using home = await makeHome();
  const { exitCode, terminal } = await home.run(["discovr"]);
  expect([exitCode, terminal.err()]).toEqual([2, expect.stringContaining("Did you mean discover?")]);
});

test("completion prints a script for a shell, and answers it with subcommands", async () => {
  await using home = await makeHome();
  const print = async (...args: readonly string[]) => {
    const printed = vi.spyOn(console, "log").mockImplementation(() => undefined);
    try {
      const { exitCode } = await home.run(args);
      return { exitCode, text: printed.mock.calls.flat().join("\n") };
    } finally {
      printed.mockRestore();
    }
  };
  expect(await print("completion", "bash")).toMatchObject({
    exitCode: 0,
    text: expect.stringContaining("complete -F"),
  });
  expect((await print("complete", "--", "stamp", "")).text).toMatch(/add\t.*\n(.*\n)*remove\t/);
});
