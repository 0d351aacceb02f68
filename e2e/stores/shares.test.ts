// Real files over NFS 4.2, NFS 3 and SMB 3.1.1: Debian's servers on loopback in a guest kernel (user-mode Linux, which runs
// as a plain process), because mounting a share takes a kernel with these file systems. The judge is the product's own
// `holdfast repo validate`.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, realpath, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describeWith } from "./capability.ts";

const root = join(import.meta.dirname, "../..");
/** A guest that hangs is ended after this; it takes about 90 s. */
const limitMs = 280_000;

interface Verdict {
  readonly verdict: string;
  readonly traits: { readonly medium: { readonly name: string } };
  readonly obligations: readonly { readonly name: string; readonly holds: boolean; readonly reason: string | null }[];
  readonly leftCount: number;
}

async function runGuest(folder: string): Promise<void> {
  const disk = join(folder, "disk.img");
  await writeFile(disk, "");
  await truncate(disk, 2 * 1024 ** 3);
  const guest = spawn(
    "linux.uml",
    [
      ...["mem=2G", "root=/dev/root", "rootfstype=hostfs", "rootflags=/", "ro", "quiet"],
      ...["con=null", "con0=null,fd:1", "ssl=null", `ubd0=${disk}`],
      `init=${join(import.meta.dirname, "share-guest.sh")}`,
      `HF_OUT=${folder}`,
      `HF_NODE=${await realpath(process.execPath)}`,
      `HF_MAIN=${join(root, "apps/holdfast/src/main.ts")}`,
    ],
    { stdio: ["ignore", "ignore", "ignore"], detached: true },
  );
  const timer = setTimeout(() => process.kill(-(guest.pid ?? 0), "SIGKILL"), limitMs);
  await once(guest, "exit");
  clearTimeout(timer);
}

describeWith(
  {
    "/usr/bin/linux.uml": "user-mode-linux",
    "/usr/sbin/modprobe": "kmod",
    "/usr/sbin/rpc.nfsd": "nfs-kernel-server",
    "/usr/sbin/mount.nfs": "nfs-common",
    "/usr/sbin/smbd": "samba",
    "/usr/sbin/mount.cifs": "cifs-utils",
  },
  "a folder on a share of Debian's servers",
  () => {
    let folder: string;
    let log = "";

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), "holdfast-shares-"));
      await runGuest(folder);
      log = await readFile(join(folder, "guest.log"), "utf8").catch(() => "the guest wrote no log");
    }, limitMs + 10_000);
    afterAll(() => rm(folder, { recursive: true, force: true }));

    const judge = async (share: string): Promise<{ verdict: Verdict; broken: Verdict["obligations"] }> => {
      const text = await readFile(join(folder, `${share}.json`), "utf8").catch(() => "");
      if (text === "") throw new Error(`the guest gave no verdict on ${share}:\n${log}`);
      const verdict = JSON.parse(text) as Verdict;
      return { verdict, broken: verdict.obligations.filter(({ holds }) => !holds) };
    };

    test.each(["nfs4", "nfs3"])("keeps every obligation over %s", async (share) => {
      const { verdict, broken } = await judge(share);
      expect(broken).toEqual([]);
      expect(verdict).toMatchObject({ verdict: "sound", leftCount: 0, traits: { medium: { name: "NFS" } } });
    });

    test("keeps every obligation over SMB but telling names by case, which no repository needs", async () => {
      const { verdict, broken } = await judge("smb");
      expect(broken).toMatchObject([{ name: "keeps names apart that differ in case only" }]);
      expect(verdict).toMatchObject({ verdict: "weak", leftCount: 0, traits: { medium: { name: "SMB" } } });
    });
  },
);
