import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { makeCommandFolder } from "../testing/run-command.ts";
import type { CommandFolder } from "../testing/run-command.ts";
import { addTestPoint } from "../testing/add-test-point.ts";

afterEach(() => {
  delete process.env["HOLDFAST_STORE_KEY_FILE"];
  delete process.env["HOLDFAST_STORE_CA_FILE"];
});

/** Starts the server in a process of its own; answers its address, once it listens. */
async function serve(folder: CommandFolder, ...options: readonly string[]) {
  const started = folder.start(
    "repo",
    "serve",
    "served",
    "--listen",
    "127.0.0.1:0",
    "--tokens",
    "tokens.json",
    ...options,
  );
  for await (const line of createInterface({ input: started.child.stderr! })) {
    const address = /holdfast\+https?:\/\/\S+:\d+/.exec(line)?.[0];
    if (address !== undefined) return { ...started, address };
  }
  throw new Error("the server ended");
}

test("a repository behind the server over TLS is made and filled by a client, who can destroy nothing", async () => {
  await using folder = await makeCommandFolder("real");
  const pass = await folder.write("pass", "correct horse");
  await mkdir(join(folder.path, "served"));
  const [key, certificate] = [join(folder.path, "key.pem"), join(folder.path, "cert.pem")];
  const names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"];
  const request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", key, "-out", certificate];
  execFileSync("openssl", [...request, ...names], { stdio: "ignore" });
  const added = await folder.run("repo", "token", "add", "clinic", "--tokens", "tokens.json", "--to", "clinic.token");
  expect(added.exitCode).toBe(0);
  const token = await readFile(join(folder.path, "clinic.token"), "utf8");
  const server = await serve(folder, "--certificate", certificate, "--certificate-key", key, "--keep-free-gib", "1");

  process.env["HOLDFAST_STORE_KEY_FILE"] = join(folder.path, "clinic.token");
  const init = ["repo", "init", server.address, "--passphrase-file", pass, "--recovery-kit"];
  const untrusted = await folder.run(...init, "kit-1", "--json");
  expect(JSON.parse(untrusted.stdout).error.code).toBe("repository.store.unreachable");
  process.env["HOLDFAST_STORE_CA_FILE"] = certificate;
  expect((await folder.run(...init, "kit-2")).exitCode).toBe(0);

  // The server's own side adds a point, which the client then reads and cannot delete.
  const disk = randomBytes(700_000);
  await addTestPoint(join(folder.path, "served"), "correct horse", { id: "point-one", publishedAtMs: 1000, disk });
  const checked = await folder.run("check", "--passphrase-file", pass, "--json");
  expect([checked.exitCode, JSON.parse(checked.stdout)]).toMatchObject([0, { pointCount: 1, findings: [] }]);
  const before = await readdir(join(folder.path, "served"), { recursive: true });
  const deletion = ["points", "delete", "point-one", "--passphrase-file", pass, "--yes", "--json"];
  const deleted = await folder.run(...deletion, "--consent", "point-one");
  expect(deleted.exitCode).not.toBe(0);
  expect(await readdir(join(folder.path, "served"), { recursive: true })).toEqual(before);

  expect((await folder.run("repo", "token", "revoke", "clinic", "--tokens", "tokens.json")).exitCode).toBe(0);
  const refused = await folder.run("check", "--passphrase-file", pass, "--json");
  expect(JSON.parse(refused.stdout).error.code).toBe("repository.store.denied");
  server.child.kill("SIGINT");
  const ended = await server.ended;
  expect(folder.printed()).not.toContain(token.trim());
  const lines = ended.stdout.split("\n").filter((line) => line.startsWith("{"));
  const audit = lines.map((line) => JSON.parse(line) as { client: string; object: string; status: number });
  expect(audit).toContainEqual(expect.objectContaining({ client: "clinic", object: "config", status: 201 }));
});
