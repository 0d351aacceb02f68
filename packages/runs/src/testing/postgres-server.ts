import { spawn, spawnSync } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { chmod, chown, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Secret } from "@holdfast/kernel";
import pg from "pg";

/** A PostgreSQL server of its own, on a Unix socket, with durable writes, for as long as a test needs it. */
export interface PostgresServer extends AsyncDisposable {
  /** Makes an empty database, or a copy of another. */
  createDatabase(name: string, template?: string): Promise<Secret>;
  /** Ends it without any order, as a power cut does, and starts it again on the same data. */
  crash(): Promise<void>;
}

/** The folder of PostgreSQL's programs, as Debian has them; null where they are not installed. */
export function findPostgres(): string | null {
  const base = "/usr/lib/postgresql";
  if (!existsSync(base)) return null;
  const versions = readdirSync(base).sort((a, b) => Number(b) - Number(a));
  return versions.map((version) => join(base, version, "bin")).find((bin) => existsSync(join(bin, "postgres"))) ?? null;
}

/** PostgreSQL refuses to run as root; Debian's package makes this user. */
function findOwner(): { readonly uid: number; readonly gid: number } | null {
  if (process.getuid?.() !== 0) return null;
  const id = (flag: string): number => Number(spawnSync("id", [flag, "postgres"], { encoding: "utf8" }).stdout.trim());
  return { uid: id("-u"), gid: id("-g") };
}

export async function startPostgres(): Promise<PostgresServer> {
  const bin = findPostgres();
  if (bin === null) throw new Error("PostgreSQL is not installed: apt-get install postgresql");
  const folder = await mkdtemp(join(tmpdir(), "holdfast-pg-"));
  const owner = findOwner();
  if (owner !== null) await chown(folder, owner.uid, owner.gid);
  await chmod(folder, 0o700);
  const data = join(folder, "data");
  const made = spawnSync(
    join(bin, "initdb"),
    ["-D", data, "-U", "holdfast", "-A", "trust", "-E", "UTF8", "--locale=C"],
    {
      encoding: "utf8",
      cwd: "/",
      ...owner,
    },
  );
  if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr}`);
  let server = await launch({ bin, data, folder, owner });
  const urlOf = (database: string): string => `postgresql://holdfast@localhost/${database}?host=${folder}`;
  return {
    async createDatabase(name, template) {
      const client = new pg.Client(urlOf("postgres"));
      await client.connect();
      try {
        await client.query(`create database ${name} ${template === undefined ? "" : `template ${template}`}`);
      } finally {
        await client.end();
      }
      return new Secret(urlOf(name));
    },
    async crash() {
      await end(server, "SIGQUIT");
      server = await launch({ bin, data, folder, owner });
    },
    async [Symbol.asyncDispose]() {
      await end(server, "SIGINT");
      await rm(folder, { recursive: true, force: true });
    },
  };
}

interface Launch {
  readonly bin: string;
  readonly data: string;
  readonly folder: string;
  readonly owner: ReturnType<typeof findOwner>;
}

async function launch({ bin, data, folder, owner }: Launch): Promise<ChildProcess> {
  const settings = ["listen_addresses=", "max_connections=200", "shared_buffers=32MB"].flatMap((one) => ["-c", one]);
  const server = spawn(join(bin, "postgres"), ["-D", data, "-k", folder, ...settings], {
    stdio: ["ignore", "ignore", "pipe"],
    cwd: "/",
    ...owner,
  });
  const said: string[] = [];
  await new Promise<void>((resolve, reject) => {
    server.once("exit", () => reject(new Error(`PostgreSQL did not start: ${said.join("")}`)));
    server.stderr.setEncoding("utf8").on("data", (text: string) => {
      said.push(text);
      if (text.includes("ready to accept connections")) resolve();
    });
  });
  return server;
}

async function end(server: ChildProcess, signal: "SIGINT" | "SIGQUIT"): Promise<void> {
  if (server.exitCode !== null) return;
  const closed = once(server, "exit");
  server.kill(signal);
  await closed;
}
