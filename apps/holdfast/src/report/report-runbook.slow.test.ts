import { createSystemHost, openCatalog } from "@holdfast/catalog";
import { execFile, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { copyFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { createSystemClock } from "../system-clock.ts";
import { addTestPoint } from "../testing/add-test-point.ts";
import { makeVm } from "../testing/fake-services.ts";
import { makeCommandFolder } from "../testing/run-command.ts";

const readerFile = fileURLToPath(new URL("../../../../docs/format/reference/read_holdfast.py", import.meta.url));
const hasReader = spawnSync("/usr/bin/python3", ["-I", "-c", "import cryptography"]).status === 0;

test.skipIf(!hasReader && process.env["CI"] !== "true")(
  "the steps without Holdfast, typed as they are printed, give the disk back by the recovery kit",
  async () => {
    await using folder = await makeCommandFolder("real");
    const key = ["--passphrase-file", await folder.write("pass", "correct horse")];
    const kit = join(folder.path, "KIT");
    const made = await folder.run("repo", "init", "the repo", "--name", "vault", ...key, "--recovery-kit", kit);
    expect(made.exitCode).toBe(0);
    const clock = createSystemClock();
    {
      const file = join(folder.path, "home", "catalog.db");
      await using catalog = await openCatalog({ file, clock, host: createSystemHost() });
      await catalog.saveStamp({
        name: "east",
        armEndpoint: "https://management.east.ash.example",
        tenant: "adfs",
        clientId: "c1",
        credential: { kind: "secret-file", path: "/none" },
        caFile: null,
        subscriptionId: null,
        resolve: {},
      });
      const vms = [{ ...makeVm("app", "web1", "stopped"), tags: { application: "shop" } }];
      const parts = { availabilitySets: [], scaleSets: [], loadBalancers: [] };
      const stamp = { stampName: "east", subscriptionId: "s", location: "east", takenAtMs: clock.now() };
      await catalog.saveInventory({ ...stamp, vms, ...parts });
    }
    const disk = randomBytes(3_000_000);
    await addTestPoint(join(folder.path, "the repo"), "correct horse", { id: "p1", publishedAtMs: 1000, disk });
    const to = join(folder.path, "shop.md");
    const report = await folder.run("report", "runbook", "shop", "--to", to, "--measured", ...key);
    expect(report.exitCode).toBe(0);
    const text = await readFile(to, "utf8");
    const code = /^Code: *(.+)$/m.exec(await readFile(kit, "utf8"))?.[1];
    for (const secret of ["correct horse", code]) expect(text).not.toContain(secret);

    await copyFile(readerFile, join(folder.path, "read_holdfast.py"));
    const lines = text.split("\n").filter((line) => line.startsWith("python3 "));
    expect(lines).toHaveLength(2);
    const run = promisify(execFile);
    for (const line of lines) await run("/bin/sh", ["-c", line], { cwd: folder.path });
    expect(Buffer.compare(await readFile(join(folder.path, "web1-os.raw")), disk)).toBe(0);
    const plan = join(folder.path, "plan.md");
    const tolerated = ["--rto", "1h", "--rpo", "1h"];
    expect((await folder.run("report", "plan", "--to", plan, "--measured", ...key, ...tolerated)).exitCode).toBe(0);
    const shown = await readFile(plan, "utf8");
    expect(shown).toContain("evidence of worst losses is from the points in vault");
    // The point is of 1970: it bounds the loss, and misses the RPO by far.
    expect(shown).toMatch(/^\| vm \| 1 h 00 min \| \d+ .* \| missed \| 1 h 00 min \| unproven \| unproven \|$/m);
    expect(shown).toMatch(/^\| site \| 1 h 00 min \| unbounded \| unbounded \| missed \|/m);
    expect(text).toContain("holdfast restore vm p1 --repo vault --name web1");
  },
);
