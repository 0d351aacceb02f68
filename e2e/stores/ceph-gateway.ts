import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

const run = promisify(execFile);

export interface CephGateway extends AsyncDisposable {
  readonly endpoint: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

function configOf(folder: string, fsid: string, monPort: number, port: number): string {
  const places = ["mon", "osd", "mgr", "rgw"].map((name) => `${name}_data = ${folder}/${name}`);
  return [
    "[global]",
    `fsid = ${fsid}`,
    `mon_host = v2:127.0.0.1:${monPort}`,
    `keyring = ${folder}/keyring`,
    ...["cluster", "service", "client"].map((what) => `auth_${what}_required = cephx`),
    "osd_pool_default_size = 1",
    "osd_pool_default_min_size = 1",
    "osd_pool_default_pg_num = 1",
    "mon_max_pg_per_osd = 1000",
    "mon_allow_pool_size_one = true",
    "mon_data_avail_crit = 1",
    "osd_crush_chooseleaf_type = 0",
    "osd_objectstore = memstore",
    "memstore_device_bytes = 2147483648",
    `run_dir = ${folder}`,
    `log_file = ${folder}/$name.log`,
    `admin_socket = ${folder}/$name.asok`,
    `pid_file = ${folder}/$name.pid`,
    ...places,
    "[client.rgw]",
    `rgw_frontends = beast endpoint=127.0.0.1:${port}`,
    "",
  ].join("\n");
}

/** Starts Debian's Ceph on loopback: one monitor, one manager, one store in memory, and its S3 gateway. */
export async function startCephGateway(): Promise<CephGateway> {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-ceph-"));
  const stop = async (): Promise<void> => {
    const pids = (await readdir(folder)).filter((name) => name.endsWith(".pid"));
    for (const name of pids) {
      const pid = Number(await readFile(join(folder, name), "utf8"));
      if (pid > 1) process.kill(pid, "SIGKILL");
    }
    await sleep(500);
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    return { ...(await startDaemons(folder)), [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startDaemons(folder: string): Promise<Omit<CephGateway, keyof AsyncDisposable>> {
  const [monPort, port] = [await freePort(), await freePort()];
  const [fsid, osd] = [randomUUID(), randomUUID()];
  const config = join(folder, "ceph.conf");
  await writeFile(config, configOf(folder, fsid, monPort, port));
  for (const name of ["mon", "osd", "mgr", "rgw"]) await mkdir(join(folder, name));
  const call = (program: string, ...args: string[]) => run(program, ["-c", config, ...args], { timeout: 90_000 });
  const [keyring, map] = [join(folder, "keyring"), join(folder, "monmap")];
  await run("ceph-authtool", ["--create-keyring", keyring, "--gen-key", "-n", "mon.", "--cap", "mon", "allow *"]);
  for (const name of ["client.admin", "osd.0", "mgr.x", "client.rgw"]) {
    const rights = ["mon", "osd", "mgr", "mds"].flatMap((what) => ["--cap", what, "allow *"]);
    await run("ceph-authtool", [keyring, "--gen-key", "-n", name, ...rights]);
  }
  await run("monmaptool", ["--create", "--fsid", fsid, "--addv", "a", `[v2:127.0.0.1:${monPort}]`, map]);
  await call("ceph-mon", "--mkfs", "-i", "a", "--monmap", map, "--keyring", keyring);
  await call("ceph-mon", "-i", "a", "--keyring", keyring);
  await call("ceph", "osd", "new", osd, "0");
  await call("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", osd);
  await call("ceph-osd", "-i", "0");
  await call("ceph-mgr", "-i", "x");
  const [accessKeyId, secretAccessKey] = ["AKCEPH", randomUUID()];
  const keys = ["--access-key", accessKeyId, "--secret-key", secretAccessKey];
  await call("radosgw-admin", "user", "create", "--uid=test", "--display-name=test", ...keys);
  await call("radosgw", "-n", "client.rgw");
  const endpoint = `http://127.0.0.1:${port}`;
  await untilAnswers(endpoint);
  return { endpoint, accessKeyId, secretAccessKey };
}

async function untilAnswers(endpoint: string): Promise<void> {
  const deadlineMs = performance.now() + 60_000;
  for (;;) {
    const isUp = await fetch(endpoint).then(
      () => true,
      () => false,
    );
    if (isUp) return;
    if (performance.now() > deadlineMs) throw new Error("the gateway of Ceph does not answer");
    await sleep(200);
  }
}
