import type { VmBodies } from "../bodies/vm-body.ts";
import type { DiskAccess, PageBlobLookup } from "../pages/disk-access.ts";
import type { PageStore } from "../pages/page-store.ts";

/** What the platform does with `incremental` on a snapshot, by build: makes one, makes a full one, or knows no such property. */
export type IncrementalSupport = "yes" | "ignored" | "refused";

/** What sets the compute provider of one stamp apart. */
export interface ComputeSettings {
  readonly build: number;
  /** By default "yes" from build 2301, "ignored" from 2008, "refused" before. */
  readonly incremental?: IncrementalSupport;
  /** Direct upload to disks; by default from build 2301. */
  readonly upload?: boolean;
  /** Physical nodes: 60 VMs fit on each. 4 when left out. */
  readonly nodes?: number;
  /** Whether a node, counted from 0, is lost. Read at each placement. */
  readonly isNodeLost?: (node: number) => boolean;
  /** How long each operation takes at least, in milliseconds. */
  readonly operationMs?: number;
  /** Limits by name in usages, where they differ from the platform's defaults. */
  readonly quotas?: Readonly<Record<string, number>>;
  /** How long guest writes are held longer while a disk is snapshotted: an injected fault. */
  readonly stallMs?: (diskId: string) => number | undefined;
}

/** The rooms that the compute provider stands on. */
export interface ComputeRooms {
  readonly pages: PageStore;
  readonly access: DiskAccess;
  readonly blobs: PageBlobLookup;
  readonly bodies: VmBodies;
}

/** Settings with every default filled in, and the rooms. */
export interface ComputeDeps extends ComputeRooms {
  readonly build: number;
  readonly incremental: IncrementalSupport;
  readonly upload: boolean;
  readonly nodes: number;
  isNodeLost(node: number): boolean;
  readonly operationMs: number;
  readonly quotas: Readonly<Record<string, number>>;
  stallMs(diskId: string): number | undefined;
}

function incrementalOf(build: number): IncrementalSupport {
  if (build >= 2301) return "yes";
  return build >= 2008 ? "ignored" : "refused";
}

export function computeDeps(rooms: ComputeRooms, settings: ComputeSettings): ComputeDeps {
  const { build } = settings;
  return {
    ...rooms,
    build,
    incremental: settings.incremental ?? incrementalOf(build),
    upload: settings.upload ?? build >= 2301,
    nodes: settings.nodes ?? 4,
    isNodeLost: settings.isNodeLost ?? (() => false),
    operationMs: settings.operationMs ?? 200,
    quotas: settings.quotas ?? {},
    stallMs: settings.stallMs ?? (() => undefined),
  };
}
