import { resolve } from "node:path";
import { createLocalImageFiles, exportPoint, findQemuImg } from "@holdfast/engine";
import type { ExportFormat } from "@holdfast/engine";
import { HoldfastError, formatBytes } from "@holdfast/kernel";
import type { CommandHandler } from "../cli/context.ts";
import { formatFields } from "../cli/table.ts";
import { showWorkflow } from "../cli/workflow-progress.ts";
import { selectPoint } from "../selection/select-point.ts";
import { openKnownRepository } from "./repository-session.ts";
import type { RepositoryOptions } from "./repository-session.ts";

export interface ExportCommandInput extends RepositoryOptions {
  readonly point: string;
  readonly to: string;
  readonly disk?: string;
}

/** Writes one disk of a point as a file; the end of its name says in which format. */
export const runExport: CommandHandler<ExportCommandInput> = async (input, context) => {
  const { output, services, signal } = context;
  const format = readFormat(input.to);
  await using catalog = await services.openCatalog();
  await using store = await openKnownRepository(catalog, input, context);
  const point = selectPoint(input.point, await store.listPoints({ signal }));
  const imageTool = format === "qcow2" ? await findQemuImg() : null;
  const files = createLocalImageFiles(services.random);
  const deps = { points: store, clock: services.clock, random: services.random, files, imageTool };
  using progress = output.startProgress();
  const wanted = { pointId: point.id, to: resolve(input.to), format };
  const options = { signal, onProgress: showWorkflow(output, progress) };
  const made = await exportPoint(
    deps,
    { ...wanted, ...(input.disk === undefined ? {} : { disk: input.disk }) },
    options,
  );
  output.result({ ...made, pointId: point.id, format }, () =>
    formatFields([
      ["file", made.path],
      ["format", format],
      ["size", formatBytes(made.sizeBytes)],
      ["point", point.id],
    ]),
  );
};

function readFormat(path: string): ExportFormat {
  const end = /\.(vhd|raw|qcow2)$/i.exec(path)?.[1]?.toLowerCase();
  if (end === "vhd" || end === "raw" || end === "qcow2") return end;
  throw new HoldfastError({
    code: "cli.usage.format",
    message: `the end of ${path} names no format that can be written`,
    advice: "Name a file that ends in .vhd, .raw or .qcow2.",
    details: { path },
  });
}
