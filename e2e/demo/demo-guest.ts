import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const builders = join(import.meta.dirname, "../../tools/guest-image");

/** The disk image behind the demo's VM, and whether it can boot here. */
export type DemoGuest =
  | { readonly kind: "real"; readonly image: string }
  | { readonly kind: "inert"; readonly image: string; readonly why: string };

async function build(script: string, ...words: readonly string[]): Promise<string> {
  const { stdout } = await run("sh", [join(builders, script), ...words], { maxBuffer: 16 * 1024 * 1024 });
  return stdout.trim().split("\n").at(-1) ?? "";
}

function whyNotReal(): string | undefined {
  if (process.env["HOLDFAST_DEMO_GUEST"] === "inert") return "HOLDFAST_DEMO_GUEST asks for it";
  if (!existsSync("/usr/bin/qemu-system-x86_64")) return "QEMU is not installed";
  if (process.getuid?.() !== 0) return "building the Debian image needs root";
  return undefined;
}

/** Builds or finds the image: a Debian with PostgreSQL where it can boot, else a real ext4 disk. Part of the set-up. */
export async function findDemoGuest(): Promise<DemoGuest> {
  const why = whyNotReal();
  if (why !== undefined) return { kind: "inert", image: await build("build-inert.sh"), why };
  try {
    return { kind: "real", image: await build("build.sh") };
  } catch (error) {
    const reason = error instanceof Error ? error.message.split("\n").at(-1) : String(error);
    return {
      kind: "inert",
      image: await build("build-inert.sh"),
      why: `the Debian image could not be built: ${reason}`,
    };
  }
}

/** Runs `use` with a copy of an inert image in which files were removed, replaced and added. */
export async function withChangedImage<T>(image: string, use: (changed: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-demo-"));
  try {
    const changed = join(folder, "changed.raw");
    await copyFile(image, changed);
    await build("build-inert.sh", "change", changed, "1");
    return await use(changed);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
