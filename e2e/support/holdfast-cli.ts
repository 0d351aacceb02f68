import { spawn } from "node:child_process";
import { join } from "node:path";

const launcher = join(import.meta.dirname, "../../apps/holdfast/bin/holdfast");

export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The `holdfast` command as a user runs it, with a home folder of its own. */
export interface HoldfastCli {
  /** Runs to the end and answers what it printed, whatever its exit code. */
  run(
    words: readonly string[],
    options?: { readonly signal?: AbortSignal; readonly show?: boolean },
  ): Promise<CliResult>;
  /** Runs with `--json`; raises where it fails. */
  json<T>(...words: readonly string[]): Promise<T>;
}

/** Opens the command with `home` for its catalog and a file that holds the repository's passphrase. */
export function openHoldfastCli(home: string, passphraseFile: string): HoldfastCli {
  const environment = { ...process.env, HOLDFAST_HOME: home, HOLDFAST_PASSPHRASE_FILE: passphraseFile };
  const run: HoldfastCli["run"] = (words, options = {}) =>
    new Promise((resolve, reject) => {
      const child = spawn(launcher, words, {
        env: environment,
        stdio: ["ignore", "pipe", "pipe"],
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      });
      let stdout = "";
      let stderr = "";
      child.stdout.setEncoding("utf8").on("data", (text: string) => {
        stdout += text;
        if (options.show === true) process.stdout.write(text);
      });
      child.stderr.setEncoding("utf8").on("data", (text: string) => {
        stderr += text;
        if (options.show === true) process.stderr.write(text);
      });
      child.once("error", reject);
      child.once("close", (code) => resolve({ code: code ?? 1, stdout, stderr }));
    });
  return {
    run,
    json: async <T>(...words: readonly string[]): Promise<T> => {
      const result = await run([...words, "--json"]);
      if (result.code !== 0) {
        throw new Error(`holdfast ${words.join(" ")} ended with ${result.code}: ${result.stderr}${result.stdout}`);
      }
      return JSON.parse(result.stdout) as T;
    },
  };
}
