import { GiB } from "@holdfast/kernel";
import { z } from "zod";

/** A platform snapshot of a managed disk, as the engine's port wants it. */
export interface ManagedSnapshot {
  readonly id: string;
  readonly name: string;
  readonly timeCreatedMs: number;
  readonly isIncremental: boolean;
  readonly sourceDiskId: string;
  readonly sourceUniqueId: string | null;
  readonly sizeBytes: number;
  readonly tags: Readonly<Record<string, string>>;
}

export const tagsSchema = z.record(z.string(), z.string()).nullish();

const snapshotSchema = z.object({
  id: z.string(),
  name: z.string(),
  tags: tagsSchema,
  properties: z.object({
    timeCreated: z.string(),
    incremental: z.boolean().nullish(),
    diskSizeGB: z.number().nullish(),
    diskSizeBytes: z.number().nullish(),
    provisioningState: z.string().nullish(),
    creationData: z.object({
      sourceResourceId: z.string().nullish(),
      sourceUniqueId: z.string().nullish(),
    }),
  }),
});

/** Reads a snapshot of the wire; raises a ZodError where what every snapshot has is missing. */
export function readSnapshot(body: unknown): ManagedSnapshot {
  const { id, name, tags, properties } = snapshotSchema.parse(body);
  return {
    id,
    name,
    timeCreatedMs: Date.parse(properties.timeCreated),
    // Older builds take the wish and make a full snapshot: only what is read back counts.
    isIncremental: properties.incremental === true,
    sourceDiskId: properties.creationData.sourceResourceId ?? "",
    sourceUniqueId: properties.creationData.sourceUniqueId ?? null,
    sizeBytes: properties.diskSizeBytes ?? (properties.diskSizeGB ?? 0) * GiB,
    tags: tags ?? {},
  };
}
