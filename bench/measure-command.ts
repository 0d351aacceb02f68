import { spawn } from "node:child_process";
import { open, readFile } from "node:fs/promises";
import { join } from "node:path";

/** A command to be run without a shell. */
export interface Command {
  readonly file: string;
  readonly arguments: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly folder?: string;
}

/** What one run of a command took. CPU is that of the process and all it waited for; memory that of the largest process. */
export interface Cost {
  readonly wallSeconds: number;
  readonly userSeconds: number;
  readonly systemSeconds: number;
  readonly peakBytes: number;
  /** What the command wrote to its standard output. */
  readonly output: string;
}

/** Runs a command under GNU time; raises with the end of its output where it fails. `scratch` takes its output. */
export async function measureCommand(command: Command, scratch: string): Promise<Cost> {
  const usage = join(scratch, "usage");
  const outputs = [join(scratch, "stdout"), join(scratch, "stderr")] as const;
  await using stdout = await open(outputs[0], "w");
  await using stderr = await open(outputs[1], "w");
  const timed = ["-q", "-o", usage, "-f", "%U %S %M", command.file, ...command.arguments];
  const startedMs = performance.now();
  const code = await new Promise<number | null>((resolve, reject) => {
    const child = spawn("/usr/bin/time", timed, {
      env: { ...process.env, ...command.environment },
      ...(command.folder === undefined ? {} : { cwd: command.folder }),
      stdio: ["ignore", stdout.fd, stderr.fd],
    });
    child.once("error", reject);
    child.once("exit", resolve);
  });
  const wallSeconds = (performance.now() - startedMs) / 1000;
  const output = await readFile(outputs[0], "utf8");
  if (code !== 0) {
    const end = `${output}${await readFile(outputs[1], "utf8")}`.slice(-2000);
    throw new Error(`${command.file} ${command.arguments.join(" ")} ended with ${code}:\n${end}`);
  }
  const [user, system, peakKiB] = (await readFile(usage, "utf8")).trim().split(" ").map(Number);
  return {
    wallSeconds,
    userSeconds: user ?? 0,
    systemSeconds: system ?? 0,
    peakBytes: (peakKiB ?? 0) * 1024,
    output,
  };
}
