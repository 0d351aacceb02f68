import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createFakeTerminal } from "../testing/fake-terminal.ts";
import type { CommandContext } from "./context.ts";
import { readRepositoryKey } from "./repository-key.ts";

function contextOf(answers: readonly string[] = []): {
  readonly context: CommandContext;
  readonly asked: readonly string[];
} {
  const terminal = createFakeTerminal(answers);
  const parts = { terminal, services: { environment: {} }, output: { note: () => undefined } };
  return {
    context: { ...parts, signal: new AbortController().signal } as unknown as CommandContext,
    asked: terminal.questions,
  };
}

async function codeOf(text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-key-"));
  try {
    await writeFile(join(folder, "kit"), text, { mode: 0o600 });
    const key = await readRepositoryKey({ recoveryCodeFile: join(folder, "kit") }, contextOf().context);
    return "recoveryCode" in key ? key.recoveryCode.reveal() : "";
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

test("takes the whole line of a kit that was typed again with blanks", async () => {
  expect(await codeOf("HOLDFAST RECOVERY KIT\nCode:  ABCD EFGH 2345\nKeep it.\n")).toBe("ABCD EFGH 2345");
  expect(await codeOf("abcd efgh 2345\n")).toBe("abcd efgh 2345");
});

test("asks for the code unseen where it is wanted instead of the passphrase", async () => {
  const { context, asked } = contextOf(["abcd efgh"]);
  const key = await readRepositoryKey({ recoveryCode: true }, context);
  expect("recoveryCode" in key && key.recoveryCode.reveal()).toBe("abcd efgh");
  expect(asked).toEqual(["Code of the recovery kit: "]);
});
