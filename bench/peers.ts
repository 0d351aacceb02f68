// The backup programs that Holdfast is measured against: the newest that can be had.
//   node bench/peers.ts        fetches them, and says what was found
// They come from Debian's unstable suite, unpacked without being installed into a cache folder outside the checkout
// (HOLDFAST_PEERS, or holdfast/peers in the user's cache folder). Where that fails, those that are installed are taken.
import { execFile } from "node:child_process";
import { access, mkdir, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Command } from "./measure-command.ts";

const run = promisify(execFile);
const suite = "sid";
const mirror = "http://deb.debian.org/debian";

/** A program and how it is started. */
export interface Peer {
  readonly name: "restic" | "borg";
  readonly version: string;
  /** Where it comes from, for the report. */
  readonly origin: string;
  readonly command: Command;
}

/** Answers the newest of each peer that can be had; those that cannot are left out, with a line that says so. */
export async function findPeers(say: (line: string) => void): Promise<Peer[]> {
  const cache = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  const folder = process.env["HOLDFAST_PEERS"] ?? join(cache, "holdfast/peers");
  const root = join(folder, suite);
  const isFetched = await fetchPeers(root, say);
  const peers: Peer[] = [];
  for (const name of ["restic", "borg"] as const) {
    const fetched = isFetched ? await tryPeer(name, `Debian ${suite}`, unpackedCommand(root, name)) : null;
    const peer = fetched ?? (await tryPeer(name, "as installed", { file: name, arguments: [] }));
    if (peer === null) say(`${name} was not found: it is left out`);
    else peers.push(peer);
    if (peer !== null && fetched === null) say(`${name} ${peer.version} is the installed one: a newer may exist`);
  }
  return peers;
}

async function fetchPeers(root: string, say: (line: string) => void): Promise<boolean> {
  if (
    await access(root).then(
      () => true,
      () => false,
    )
  )
    return true;
  const partial = `${root}.part`;
  say(`Fetching restic and borg of Debian ${suite} to ${root}, once`);
  try {
    await rm(partial, { recursive: true, force: true });
    await mkdir(partial, { recursive: true });
    // A mirror may be a frozen copy, whose list is past its date.
    const dated = '--aptopt=Acquire::Check-Valid-Until "false"';
    const packages = "--include=restic,borgbackup";
    await run("mmdebstrap", ["--variant=extract", "--quiet", dated, packages, suite, partial, mirror]);
    await rename(partial, root);
    return true;
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    say(`They could not be fetched: ${(error as Error).message.trim().split("\n").at(-1)}`);
    return false;
  }
}

/** Starts a program of the unpacked suite with that suite's own loader, libraries and Python. */
function unpackedCommand(root: string, name: Peer["name"]): Command {
  const usr = join(root, "usr");
  const libraries = ["--library-path", join(usr, "lib/x86_64-linux-gnu")];
  const file = join(usr, "lib64/ld-linux-x86-64.so.2");
  if (name === "restic") return { file, arguments: [...libraries, join(usr, "bin/restic")] };
  return {
    file,
    arguments: [...libraries, join(usr, "bin/python3"), join(usr, "bin/borg")],
    environment: { PYTHONHOME: usr, PYTHONDONTWRITEBYTECODE: "1" },
  };
}

async function tryPeer(name: Peer["name"], origin: string, command: Command): Promise<Peer | null> {
  const question = name === "restic" ? "version" : "--version";
  try {
    const environment = { ...process.env, ...command.environment };
    const { stdout } = await run(command.file, [...command.arguments, question], { env: environment });
    const version = /\d+(\.\d+)+/.exec(stdout)?.[0];
    return version === undefined ? null : { name, version, origin, command };
  } catch {
    return null;
  }
}

if (import.meta.main) {
  const peers = await findPeers((line) => console.log(line));
  for (const { name, version, origin } of peers) console.log(`${name} ${version}, ${origin}`);
}
