import type { RecoveryPoint } from "@holdfast/domain";
import type { PointStore } from "@holdfast/engine";
import { formatBytes, formatDuration, formatInstant, MiB, splitRanges } from "@holdfast/kernel";
import type { CommandContext, CommandHandler } from "../cli/context.ts";
import { exitCodes } from "../cli/exit-codes.ts";
import { formatFields } from "../cli/table.ts";
import { serviceOptions } from "../cli/context.ts";
import { readRepositoryKey } from "../cli/repository-key.ts";
import { chooseRepository, requireSameRepository } from "./repository-session.ts";
import type { RepositoryOptions } from "./repository-session.ts";

/** What is read of each disk without `--whole`: enough to prove that nodes and chunks open. */
const sampleBytes = 64 * MiB;

export interface DrillInput extends RepositoryOptions {
  /** Read the newest point to its last byte. */
  readonly whole?: boolean;
}

/**
 * Proves that one secret still opens the repository: by that slot only, and by reading the newest point back. Answers 21 where
 * there is no point to read.
 */
export const runKeysDrill: CommandHandler<DrillInput> = async (options, context) => {
  const { services, output, signal } = context;
  await using catalog = await services.openCatalog();
  const record = await chooseRepository(catalog, options.repo);
  const key = await readRepositoryKey(options, context);
  const begunMs = services.clock.monotonicMs();
  const keyring = await services.openKeyring(record.location, key, serviceOptions(context));
  requireSameRepository(record, keyring.repositoryId);
  const slot = (await keyring.list({ signal })).find(({ isOpener }) => isOpener)!;
  await using store = await services.openRepository(record.location, key, serviceOptions(context));
  const [point] = await store.listPoints({ signal });
  const readBytes = point === undefined ? 0 : await readBack(store, point, options.whole === true, context);
  const result = {
    repository: record.name,
    repositoryId: keyring.repositoryId,
    slot: { id: slot.id, kind: slot.kind, label: slot.label },
    pointId: point?.id ?? null,
    readBytes,
    isWhole: point !== undefined && options.whole === true,
    provenAtMs: services.clock.now(),
    durationMs: Math.round(services.clock.monotonicMs() - begunMs),
  };
  output.result(result, () =>
    formatFields([
      ["opened by", `${slot.kind} slot ${slot.id} (${slot.label})`],
      ["point", point === undefined ? "none to read: only the slot is proven" : point.id],
      ["read back", formatBytes(readBytes)],
      ["at", formatInstant(result.provenAtMs)],
      ["took", formatDuration(result.durationMs)],
    ]),
  );
  return point === undefined ? exitCodes.unproven : exitCodes.ok;
};

async function readBack(
  store: PointStore,
  point: RecoveryPoint,
  isWhole: boolean,
  { output, signal }: CommandContext,
): Promise<number> {
  using progress = output.startProgress();
  progress.phase(`reading point ${point.id}`);
  let readBytes = 0;
  for (const { image } of point.disks) {
    const disk = await store.openDisk(image, { signal });
    let left = isWhole ? image.sizeBytes : sampleBytes;
    for await (const range of disk.listAllocated({ signal })) {
      for (const piece of splitRanges([range], 4 * MiB)) {
        if (left <= 0) break;
        const { length } = await disk.read(piece, { signal });
        left -= length;
        readBytes += length;
      }
    }
  }
  return readBytes;
}
