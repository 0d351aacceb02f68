import { spawn, spawnSync } from "node:child_process";
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
  const settings = ["listen_addresses=", "max_connections=200", "shared_buffers=32MB"].flatMap((one) => ["-c", one]);
  const server = spawn(join(bin, "postgres"), ["-D", data, "-k", folder, ...settings], {
    stdio: ["ignore", "ignore", "pipe"],
    cwd: "/",
    ...owner,
  });
  const said: string[] = [];
  for await (const text of server.stderr.setEncoding("utf8") as AsyncIterable<string>) {
    said.push(text);
    if (said.join("").includes("ready to accept connections")) break;
  }
  if (server.exitCode !== null) throw new Error(`PostgreSQL did not start: ${said.join("")}`);
  // Leaving the loop has closed the pipe; the server goes on without it.
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
    async [Symbol.asyncDispose]() {
      const closed = once(server, "exit");
      server.kill("SIGINT");
      await closed;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
