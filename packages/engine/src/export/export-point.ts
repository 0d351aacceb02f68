import { encodeVhdFooter, vhdFooterBytes } from "@holdfast/domain";
import { HoldfastError } from "@holdfast/kernel";
import type { DiskImageTool, ImageFile, ImageFiles } from "../ports/image-files.ts";
import { copyAllocated } from "../restore/write-page-blob.ts";
import { findPoint } from "../restore/plan-restore-vm.ts";
import { selectDisk } from "../restore/restore-disk.ts";
import { callOptions } from "../workflow/workflow.ts";
import type { EngineDeps, WorkflowOptions } from "../workflow/workflow.ts";

export type ExportFormat = "vhd" | "raw" | "qcow2";

export interface ExportInput {
  readonly pointId: string;
  /** `os`, `lun0`… or the disk's name. May be left out where the point has one disk. */
  readonly disk?: string;
  readonly to: string;
  readonly format: ExportFormat;
}

export interface ExportDeps extends Pick<EngineDeps, "points" | "clock" | "random"> {
  readonly files: ImageFiles;
  /** Null where no such tool is installed. */
  readonly imageTool: DiskImageTool | null;
}

/**
 * Writes one disk of a point as a file that other programs read. The file appears under its name only when it is whole;
 * an existing one is never overwritten.
 */
export async function exportPoint(
  deps: ExportDeps,
  input: ExportInput,
  options: WorkflowOptions = {},
): Promise<{ readonly path: string; readonly sizeBytes: number }> {
  const point = await findPoint(deps, input.pointId, options);
  const { image } = selectDisk(point, input.disk);
  if (input.format === "qcow2" && deps.imageTool === null) throw missingTool();
  const sizeBytes = input.format === "vhd" ? image.sizeBytes + vhdFooterBytes : image.sizeBytes;
  await using file = await deps.files.create(input.to, sizeBytes);
  await copyDisk(deps, { image, file }, options);
  if (input.format === "vhd") {
    const footer = { sizeBytes: image.sizeBytes, uniqueId: deps.random.bytes(16), createdAtMs: deps.clock.now() };
    await file.write(image.sizeBytes, encodeVhdFooter(footer));
  }
  if (input.format === "qcow2" && deps.imageTool !== null) {
    const tool = deps.imageTool;
    options.onProgress?.({ phase: "convert", subject: input.to });
    await file.convert((raw, converted) => tool.convertRawToQcow2(raw, converted, callOptions(options)));
  }
  await file.commit();
  return { path: input.to, sizeBytes };
}

async function copyDisk(
  deps: ExportDeps,
  copy: { readonly image: Parameters<EngineDeps["points"]["openDisk"]>[0]; readonly file: ImageFile },
  options: WorkflowOptions,
): Promise<void> {
  const stored = await deps.points.openDisk(copy.image, callOptions(options));
  await copyAllocated(stored, (range, data) => copy.file.write(range.start, data), {
    ...callOptions(options),
    onCopied: (doneBytes, totalBytes) => options.onProgress?.({ phase: "export", doneBytes, totalBytes }),
  });
}

function missingTool(): HoldfastError {
  return new HoldfastError({
    code: "engine.export.no-image-tool",
    message: "qcow2 files are made by qemu-img, which was not found",
    advice: "Install qemu-utils, or export as raw or vhd.",
  });
}
