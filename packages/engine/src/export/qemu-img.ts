import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { HoldfastError } from "@holdfast/kernel";
import type { DiskImageTool } from "../ports/image-files.ts";

const run = promisify(execFile);

/** The installed qemu-img, or null where there is none. */
export async function findQemuImg(command = "qemu-img"): Promise<DiskImageTool | null> {
  try {
    await run(command, ["--version"]);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
  return {
    async convertRawToQcow2(rawPath, qcow2Path, options = {}) {
      try {
        await run(command, ["convert", "-f", "raw", "-O", "qcow2", rawPath, qcow2Path], { ...options });
      } catch (error) {
        options.signal?.throwIfAborted();
        throw new HoldfastError({
          code: "engine.export.image-tool-failed",
          message: `qemu-img could not make ${qcow2Path}`,
          advice: "See that the volume has space for the raw and the converted image, or export as raw.",
          cause: error,
        });
      }
    },
  };
}
