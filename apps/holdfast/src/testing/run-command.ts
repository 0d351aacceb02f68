import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const entries = {
  fake: fileURLToPath(new URL("fake-main.ts", import.meta.url)),
  real: fileURLToPath(new URL("../main.ts", import.meta.url)),
};

export interface CommandResult {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandFolder extends AsyncDisposable {
  readonly path: string;
  /** Writes a file that only its owner can read, and answers its path. */
  write(name: string, text: string): Promise<string>;
  /** Runs the command with fakes behind it in a process of its own. */
  run(...args: readonly string[]): Promise<CommandResult>;
  start(...args: readonly string[]): { readonly child: ChildProcess; readonly ended: Promise<CommandResult> };
  /** All that every command of this folder has printed. */
  readonly printed: () => string;
}

/** A folder to run the command in: with fakes behind it, or as it is installed. */
export async function makeCommandFolder(behind: keyof typeof entries = "fake"): Promise<CommandFolder> {
  const path = await mkdtemp(join(tmpdir(), "holdfast-cli-"));
  const printed: string[] = [];
  const start = (...args: readonly string[]) => {
    const environment = { ...process.env, HOLDFAST_HOME: join(path, "home"), HOLDFAST_PASSPHRASE_FILE: "" };
    const child = spawn(process.execPath, [entries[behind], ...args], {
      cwd: path,
      env: { ...environment, NO_COLOR: "1" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const ended = new Promise<CommandResult>((resolve, reject) => {
      const text = { stdout: "", stderr: "" };
      child.stdout.setEncoding("utf8").on("data", (chunk: string) => (text.stdout += chunk));
      child.stderr.setEncoding("utf8").on("data", (chunk: string) => (text.stderr += chunk));
      child.once("error", reject);
      child.once("close", (exitCode) => {
        printed.push(text.stdout, text.stderr);
        resolve({ exitCode, ...text });
      });
    });
    return { child, ended };
  };
  return {
    path,
    start,
    run: (...args) => start(...args).ended,
    printed: () => printed.join("\n"),
    async write(name, text) {
      await writeFile(join(path, name), text, { mode: 0o600 });
      return join(path, name);
    },
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}
