import { spawn } from "node:child_process";

export interface Step {
  readonly name: string;
  readonly command: string;
  readonly arguments: readonly string[];
}

/** Runs a command with its output on ours; answers its exit code. A signal counts as 1. */
export function runCommand(command: string, commandArguments: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, commandArguments, { stdio: "inherit" });
    child.once("error", reject);
    child.once("exit", (code) => resolve(code ?? 1));
  });
}

/** Runs steps one after the other, stops at the first that fails, and says how long each took. */
export async function runSteps(steps: readonly Step[]): Promise<number> {
  for (const step of steps) {
    const startedMs = performance.now();
    const code = await runCommand(step.command, step.arguments);
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
    console.log(`${code === 0 ? "ok  " : "FAIL"} ${step.name} (${seconds} s)`);
    if (code !== 0) return code;
  }
  return 0;
}

const lintedPaths = ["packages", "apps", "e2e", "tools", "bench", "vitest.config.ts"];

/** What every kind of check begins with. */
export const staticSteps: readonly Step[] = [
  { name: "types", command: "tsc", arguments: ["-p", "tsconfig.json"] },
  { name: "lint", command: "oxlint", arguments: ["-c", "tools/oxlint.json", ...lintedPaths] },
  { name: "format", command: "oxfmt", arguments: ["-c", "tools/oxfmt.json", "--check", ...lintedPaths] },
];
