import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Command } from "commander";
import { expect, test } from "vitest";
import type { CommandContext } from "../cli/context.ts";
import { buildProgram } from "../program/program.ts";
import { makeRecordSite, taggedVm } from "../testing/make-record-site.ts";

const address = {
  name: "ip1",
  isPrimary: true,
  privateAddress: "10.0.0.4",
  privateAllocation: "Static",
  subnetId: "/subnets/front",
  publicIp: null,
  loadBalancerPoolIds: [],
} as const;
const nic = { id: "/nics/n", name: "n", isPrimary: true, macAddress: null, dnsServers: [], nsg: null };

async function makeShop() {
  const web = {
    ...taggedVm("web1", { application: "shop", owner: "Ada" }),
    nics: [{ ...nic, ipConfigurations: [address] }],
  };
  const odd = taggedVm("odd$(id)`x`", { application: "shop" });
  const vms = [web, taggedVm("db1", { application: "shop" }), odd, taggedVm("ad1", { application: "directory" })];
  const site = await makeRecordSite([...vms, taggedVm("dns1", { application: "dns" })]);
  const enter = async (...args: readonly string[]) => expect((await site.run([...args, "--yes"])).exitCode).toBe(0);
  await enter("objectives", "set", "shop", "--rto", "4h", "--rpo", "1h", "--owner", "Ada");
  await enter("objectives", "contact", "shop", "Bo Li", "--role", "database", "--reach", "+49 40 1");
  const order = ["--start", "db1", "--start", "WEB1", "--start", "gone"];
  const more = ["--step", "Tell the bank", "--lies", "recovery kit=safe 2, room 7"];
  await enter("objectives", "recovery", "shop", "--depends-on", "directory", ...order, ...more);
  await enter("objectives", "recovery", "directory", "--depends-on", "dns");
  const write = async (name: string, ...args: readonly string[]) => {
    const path = join(site.path, name);
    const { exitCode, value } = await site.json("report", "runbook", ...args, "--to", path);
    return { exitCode, value, text: existsSync(path) ? await readFile(path, "utf8") : "" };
  };
  return Object.assign(site, { write });
}

test("the runbook as Markdown is what it was", async () => {
  await using site = await makeShop();
  const { exitCode, value, text } = await site.write("shop.md", "shop");
  expect([exitCode, value.vms, value.gaps]).toEqual([0, 3, ["The newest points are not named: add --measured"]]);
  await expect(text).toMatchFileSnapshot("testdata/runbook.md.txt");
});

test("each command of Holdfast in a runbook is one that there is, with options that it has", async () => {
  await using site = await makeShop();
  const { text } = await site.write("shop.md", "shop");
  const lines = text.split("\n").filter((line) => line.startsWith("holdfast "));
  expect(lines.length).toBeGreaterThan(12);
  const context = { terminal: {} } as CommandContext;
  const program = buildProgram(context, () => undefined);
  for (const line of lines) {
    const words = line.split(" ").slice(1);
    let command: Command = program;
    let next = command.commands.find((one) => one.name() === words[0]);
    for (; next !== undefined; next = command.commands.find((one) => one.name() === words[0])) {
      command = next;
      words.shift();
    }
    // A group such as `points` lists where no other of its commands is named.
    if (command.commands.length > 0) command = command.commands.find((one) => one.name() === "list")!;
    const known = command.options.map(({ long }) => long);
    const given = words.filter((word) => word.startsWith("--"));
    expect(
      given.filter((word) => !known.includes(word)),
      line,
    ).toEqual([]);
    const required = command.options.filter(({ mandatory }) => mandatory).map(({ long }) => long);
    expect(
      required.filter((long) => !given.includes(long!)),
      line,
    ).toEqual([]);
  }
});

test("a runbook tells by itself what nobody has entered", async () => {
  await using site = await makeShop();
  const { value, text } = await site.write("dns.html", "dns");
  expect(value.gaps).toEqual([
    "Nobody is entered to be called: holdfast objectives contact",
    "Nobody has said where the secrets lie: holdfast objectives recovery --lies",
    "The newest points are not named: add --measured",
  ]);
  expect(text).toContain("NOBODY IS ENTERED.");
  expect(text).toContain("NOT ENTERED: write it here by hand");
});

test("a runbook of an application that nobody knows is refused, with the nearest name", async () => {
  await using site = await makeShop();
  const refused = await site.write("x.md", "shpo");
  expect([refused.exitCode, refused.value.error]).toMatchObject([
    10,
    { code: "cli.application.not-found", advice: "Did you mean shop?" },
  ]);
  expect((await site.write("x.md", "shop", "--repo", "none")).value.error.code).toBe("cli.repository.not-found");
  expect(refused.text).toBe("");
});
