import { join } from "node:path";
import type { MakeContender } from "./contender.ts";
import { holdfastCommand } from "./holdfast-command.ts";
import type { Command } from "./measure-command.ts";
import type { Peer } from "./peers.ts";

/** Holdfast, each work in a process of its own that opens the repository with its passphrase. */
export const makeHoldfast: MakeContender = (folder, images) => {
  const repository = join(folder, "repository");
  const scanned = join(folder, "scanned");
  const run = (work: string, options: Readonly<Record<string, string>>): Command =>
    holdfastCommand(work, { repository, ...options });
  const restored = join(folder, "restored.raw");
  const a2 = { image: images.a2, point: "a2" };
  return {
    name: "Holdfast",
    version: process.version,
    settings: "as the product: zstd 1, AES-256-GCM, keyed ids, fsync",
    repository,
    prepare: [run("init", {})],
    // Objects are never changed, so that a repository of links is a copy.
    before: { scan: [{ file: "cp", arguments: ["-al", repository, scanned] }] },
    repositoryOf: { scan: scanned },
    works: {
      full: [run("capture", { image: images.a1, ranges: images.a1Ranges, point: "a1" })],
      scan: [run("capture", { ...a2, repository: scanned, ranges: images.a2Ranges })],
      incremental: [run("capture", { ...a2, ranges: images.a2Changed, base: "a1" })],
      second: [run("capture", { image: images.b1, ranges: images.b1Ranges, point: "b1" })],
      restore: [run("restore", { point: "a2", to: restored })],
      check: [run("check", {})],
      prune: [run("prune", { point: "a1" })],
    },
    restored,
  };
};

/** restic with its defaults; it has no lists of changes, so that both incrementals are the same work of it. */
export function resticContender({ version, origin, command }: Peer): MakeContender {
  return (folder, images) => {
    const repository = join(folder, "repository");
    const run = (...words: string[]): Command => ({
      ...command,
      arguments: [...command.arguments, "--quiet", ...words],
      environment: {
        ...command.environment,
        RESTIC_REPOSITORY: repository,
        RESTIC_PASSWORD_FILE: join(folder, "password"),
        RESTIC_CACHE_DIR: join(folder, "cache"),
      },
    });
    const backup = (image: string, tag: string): Command => run("backup", "--host", "bench", "--tag", tag, image);
    const to = join(folder, "restored");
    return {
      name: "restic",
      version: `${version}, ${origin}`,
      settings: "defaults: zstd auto, AES-256-CTR with Poly1305, content-defined chunks of about 1 MiB",
      repository,
      prepare: [{ file: "sh", arguments: ["-c", `echo a-passphrase-for-the-bench >password`], folder }, run("init")],
      works: {
        full: [backup(images.a1, "a1")],
        incremental: [backup(images.a2, "a2")],
        second: [backup(images.b1, "b1")],
        restore: [run("restore", "latest", "--tag", "a2", ...sparseFrom(version), "--target", to)],
        check: [run("check", "--read-data")],
        // The oldest of the three is a1.
        prune: [run("forget", "--group-by", "host", "--keep-last", "2", "--prune")],
      },
      restored: join(to, images.a2),
    };
  };
}

/** Sparse restores came with 0.15. */
function sparseFrom(version: string): string[] {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > 0 || minor >= 15 ? ["--sparse"] : [];
}

/** borg set for images of disks: a fixed grid, holes skipped. */
export function borgContender({ version, origin, command }: Peer): MakeContender {
  return (folder, images) => {
    const repository = join(folder, "repository");
    const run = (...words: string[]): Command => ({
      ...command,
      arguments: [...command.arguments, ...words],
      environment: {
        ...command.environment,
        BORG_REPO: repository,
        BORG_BASE_DIR: folder,
        BORG_PASSPHRASE: "a passphrase for the bench",
      },
      folder,
    });
    const create = (image: string, name: string): Command =>
      run("create", "--chunker-params", "fixed,1048576", "--compression", "zstd,1", "--sparse", `::${name}`, image);
    return {
      name: "borg",
      version: `${version}, ${origin}`,
      settings: "repokey-blake2, fixed 1 MiB chunks, zstd 1, sparse",
      repository,
      prepare: [run("init", "--encryption", "repokey-blake2")],
      works: {
        full: [create(images.a1, "a1")],
        incremental: [create(images.a2, "a2")],
        second: [create(images.b1, "b1")],
        restore: [run("extract", "--sparse", "::a2")],
        check: [run("check", "--verify-data")],
        prune: [run("delete", "::a1"), run("compact")],
      },
      restored: join(folder, images.a2),
    };
  };
}

/** The plain copy, as a floor under a full capture, and qemu-img for a restore; neither keeps a repository. */
export function copyContender({ cp, qemu }: { readonly cp: string; readonly qemu: string }): MakeContender {
  return (folder, images) => {
    const qcow2 = join(folder, "a2.qcow2");
    const restored = join(folder, "restored.raw");
    const copied = join(folder, "copied.raw");
    return {
      name: "copy",
      version: `cp ${cp}, qemu-img ${qemu}`,
      settings: "full: cp --sparse=always of a1, without fsync; restore: qemu-img convert of a2 from qcow2 to raw",
      repository: join(folder, "repository"),
      prepare: [{ file: "mkdir", arguments: [join(folder, "repository")] }],
      before: {
        restore: [
          { file: "rm", arguments: [copied] },
          { file: "qemu-img", arguments: ["convert", "-f", "raw", "-O", "qcow2", images.a2, qcow2] },
        ],
      },
      works: {
        full: [{ file: "cp", arguments: ["--sparse=always", images.a1, copied] }],
        restore: [{ file: "qemu-img", arguments: ["convert", "-f", "qcow2", "-O", "raw", qcow2, restored] }],
      },
      restored,
    };
  };
}
