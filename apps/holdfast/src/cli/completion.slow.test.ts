import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { makeCommandFolder } from "../testing/run-command.ts";

const library = "/usr/share/bash-completion/bash_completion";
const entry = fileURLToPath(new URL("../testing/fake-main.ts", import.meta.url));

/** What the script of `holdfast completion bash` offers in a real bash, at the end of a line. */
const askBash = `
  source ${library}
  source <(holdfast completion bash)
  COMP_LINE="$1"; COMP_POINT=\${#COMP_LINE}; COMP_TYPE=9
  read -ra COMP_WORDS <<< "$COMP_LINE"
  [[ "$COMP_LINE" == *" " ]] && COMP_WORDS+=("")
  COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
  function compopt { :; }
  function="$(complete -p holdfast | sed -E 's/.*-F ([^ ]+).*/\\1/')"
  "$function"
  printf '%s\\n' "\${COMPREPLY[@]}"`;

// On CI a missing package bash-completion fails; elsewhere the test is skipped. The set-up of `npm test` installs it.
test.skipIf(!existsSync(library) && process.env["CI"] !== "true")(
  "bash completes commands, options and the names of stamps",
  async () => {
    await using folder = await makeCommandFolder();
    const secret = await folder.write("secret", "s3cret-value");
    const arm = ["--arm", "https://management.eastern.ash.example", "--tenant", "adfs", "--client-id", "c1"];
    await folder.run("stamp", "add", "eastern", ...arm, "--secret-file", secret);
    const holdfast = await folder.write("holdfast", `#!/bin/sh\nexec "${process.execPath}" "${entry}" "$@"\n`);
    await chmod(holdfast, 0o700);
    const env = {
      ...process.env,
      HOLDFAST_HOME: join(folder.path, "home"),
      PATH: `${folder.path}:${process.env["PATH"]}`,
    };
    const complete = async (line: string): Promise<string[]> => {
      const { stdout } = await promisify(execFile)("bash", ["--norc", "-c", askBash, "bash", line], { env });
      return stdout
        .trim()
        .split("\n")
        .map((offer) => offer.trim().split(/\s/)[0]!);
    };
    expect(await complete("holdfast rest")).toEqual(["restore"]);
    expect(await complete("holdfast stamp pr")).toEqual(["probe"]);
    expect(await complete("holdfast discover ea")).toEqual(["eastern"]);
    expect(await complete("holdfast restore disk x --plan")).toEqual(["--plan-only"]);
  },
);
