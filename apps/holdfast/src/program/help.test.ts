import { Command } from "commander";
import { expect, test } from "vitest";
import type { CommandContext } from "../cli/context.ts";
import { buildProgram } from "./program.ts";

const context = { terminal: { writeOut: () => undefined, writeErr: () => undefined } } as unknown as CommandContext;
const program = buildProgram(context, () => undefined);

function listCommands(command: Command, path: string): readonly (readonly [string, Command])[] {
  return [[path, command], ...command.commands.flatMap((child) => listCommands(child, `${path} ${child.name()}`))];
}

const leaves = listCommands(program, "holdfast").filter(([, command]) => command.commands.length === 0);

/** Help with the texts that are added after it, as a user sees it. */
function helpOf(command: Command): string {
  let text = "";
  command.configureOutput({ writeOut: (part) => void (text += part), getOutHelpWidth: () => 100 });
  command.outputHelp();
  return text;
}

test.each(leaves)("the help of %s has not changed unseen", async (path, command) => {
  await expect(helpOf(command)).toMatchFileSnapshot(`testdata/${path.replaceAll(" ", "-")}.txt`);
});

test.each(leaves)("the help of %s has an example of it", (path, command) => {
  expect(helpOf(command)).toContain(`$ ${path}`);
});

test.each(leaves.filter(([path]) => path !== "holdfast completion"))("%s takes --json", (_path, command) => {
  expect(command.options.map((option) => option.long)).toContain("--json");
});

test("no option takes a secret itself", () => {
  const values = leaves.flatMap(([, command]) => command.options.map((option) => option.flags));
  expect(values.filter((flags) => /secret|passphrase|password|key/i.test(flags) && !/<file>/.test(flags))).toEqual([]);
});
