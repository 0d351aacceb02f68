import type { ByteRange } from "@holdfast/kernel";
import { intersectRanges, normalizeRanges, splitRanges, subtractRanges, totalLength } from "@holdfast/kernel";
import { PageMap, pageBytes } from "./page-map.ts";
import type { PageView, PageVolume } from "./page-store.ts";
import { ReadWriteGate } from "./read-write-gate.ts";
import type { VolumeLayer } from "./volume-layer.ts";

/** What is kept of a volume beside its layers. */
export interface VolumeRecord {
  readonly id: string;
  readonly sizeBytes: number;
  /** Bottom first; the last takes the writes. */
  readonly layerIds: readonly string[];
  readonly snapshots: readonly SnapshotRecord[];
  readonly nextSnapshot: number;
}

export interface SnapshotRecord {
  readonly id: string;
  /** The layers that make up the snapshot: the first so many of the volume. */
  readonly depth: number;
  readonly sizeBytes: number;
}

/** What a volume asks of the store that owns the layers. */
export interface VolumeHome {
  layer(id: string): VolumeLayer;
  newLayer(): Promise<VolumeLayer>;
  /** Durable when it settles. */
  save(record: VolumeRecord): Promise<void>;
  /** True where another volume stands on the layer too. */
  isShared(layerId: string, volumeId: string): boolean;
  /** Closes and removes layers that no volume names any more. */
  sweep(): Promise<void>;
}

function checkPages(offsetBytes: number, lengthBytes: number, sizeBytes: number): void {
  const isAligned = offsetBytes % pageBytes === 0 && lengthBytes % pageBytes === 0;
  if (!isAligned || offsetBytes < 0 || offsetBytes + lengthBytes > sizeBytes) {
    throw new RangeError(`pages [${offsetBytes}, +${lengthBytes}) do not lie in a volume of ${sizeBytes} bytes`);
  }
}

/** Reads through layers, newest first: what the top does not hold is asked of the one below. */
async function readLayers(
  layers: readonly VolumeLayer[],
  range: ByteRange,
  target: Uint8Array,
  at: number,
): Promise<void> {
  const top = layers.at(-1);
  if (top === undefined) {
    target.fill(0, at, at + (range.end - range.start));
    return;
  }
  for (const run of top.map.runs(range)) {
    const to = at + (run.range.start - range.start);
    if (run.state === "written") await top.read(run.range, target, to);
    else if (run.state === "cleared") target.fill(0, to, to + (run.range.end - run.range.start));
    else await readLayers(layers.slice(0, -1), run.range, target, to);
  }
}

/** Several layers seen as one. */
function mergeMaps(layers: readonly VolumeLayer[], sizeBytes: number): PageMap {
  const merged = new PageMap();
  for (const layer of layers) merged.overlay(layer.map, sizeBytes);
  return merged;
}

/** A layer of more than this is left in its chain: copying it would hold guests up for too long. */
const foldLimitBytes = 256 * 1024 * 1024;
const copyPieceBytes = 1024 * 1024;

async function foldLayer(
  upper: VolumeLayer,
  lower: VolumeLayer,
  written: readonly ByteRange[],
  sizeBytes: number,
): Promise<void> {
  const buffer = new Uint8Array(copyPieceBytes);
  for (const piece of splitRanges(written, copyPieceBytes)) {
    const data = buffer.subarray(0, piece.end - piece.start);
    await upper.read(piece, data, 0);
    await lower.write(piece.start, data);
  }
  for (const range of upper.map.list({ start: 0, end: sizeBytes }, "cleared")) lower.clear(range);
  await lower.flush();
}

function createView(layers: () => readonly VolumeLayer[], sizeBytes: () => number): PageView {
  return {
    get sizeBytes() {
      return sizeBytes();
    },
    read: async (offsetBytes, target) => {
      const size = sizeBytes();
      if (offsetBytes < 0 || offsetBytes + target.length > size) {
        throw new RangeError(`bytes [${offsetBytes}, +${target.length}) do not lie in a volume of ${size} bytes`);
      }
      const start = Math.floor(offsetBytes / pageBytes) * pageBytes;
      const end = Math.min(Math.ceil((offsetBytes + target.length) / pageBytes) * pageBytes, size);
      if (start === offsetBytes && end === offsetBytes + target.length) {
        await readLayers(layers(), { start, end }, target, 0);
        return;
      }
      const pages = new Uint8Array(end - start);
      await readLayers(layers(), { start, end }, pages, 0);
      target.set(pages.subarray(offsetBytes - start, offsetBytes - start + target.length));
    },
    listWritten: (window) => {
      const size = sizeBytes();
      const all = intersectRanges([{ start: 0, end: size }], [window ?? { start: 0, end: size }]);
      const [range] = all;
      if (range === undefined) return [];
      const stack = layers();
      if (stack.length === 1) return stack[0]!.map.list(range, "written");
      return mergeMaps(stack, size).list(range, "written");
    },
  };
}

/** A volume of layers. Writes pass a gate that structural changes close. */
export class LayeredVolume implements PageVolume {
  #record: VolumeRecord;
  readonly #home: VolumeHome;
  readonly #gate = new ReadWriteGate();
  readonly #present: PageView;

  constructor(record: VolumeRecord, home: VolumeHome) {
    this.#record = record;
    this.#home = home;
    this.#present = createView(
      () => this.#layers(),
      () => this.#record.sizeBytes,
    );
  }

  get id(): string {
    return this.#record.id;
  }

  get record(): VolumeRecord {
    return this.#record;
  }

  get sizeBytes(): number {
    return this.#record.sizeBytes;
  }

  #layers(depth = this.#record.layerIds.length): VolumeLayer[] {
    return this.#record.layerIds.slice(0, depth).map((id) => this.#home.layer(id));
  }

  #top(): VolumeLayer {
    return this.#home.layer(this.#record.layerIds.at(-1)!);
  }

  read(offsetBytes: number, target: Uint8Array): Promise<void> {
    return this.#gate.share(() => this.#present.read(offsetBytes, target));
  }

  listWritten(window?: ByteRange): ByteRange[] {
    return this.#present.listWritten(window);
  }

  write(offsetBytes: number, data: Uint8Array): Promise<void> {
    return this.#gate.share(() => {
      checkPages(offsetBytes, data.length, this.sizeBytes);
      return this.#top().write(offsetBytes, data);
    });
  }

  clear(range: ByteRange): Promise<void> {
    return this.#gate.share(async () => {
      checkPages(range.start, range.end - range.start, this.sizeBytes);
      this.#top().clear(range);
    });
  }

  flush(): Promise<void> {
    return this.#gate.share(() => this.#top().flush());
  }

  resize(sizeBytes: number): Promise<void> {
    return this.#gate.exclude(async () => {
      if (sizeBytes % pageBytes !== 0 || sizeBytes < 0) throw new RangeError(`size ${sizeBytes} is not whole pages`);
      const old = this.sizeBytes;
      if (sizeBytes < old) this.#top().clear({ start: sizeBytes, end: old });
      await this.#top().flush();
      await this.#save({ ...this.#record, sizeBytes });
    });
  }

  async #save(record: VolumeRecord): Promise<void> {
    await this.#home.save(record);
    this.#record = record;
  }

  snapshot(): Promise<string> {
    return this.#gate.exclude(async () => {
      await this.#top().flush();
      const { layerIds, snapshots, nextSnapshot, sizeBytes } = this.#record;
      const id = String(nextSnapshot).padStart(10, "0");
      const layer = await this.#home.newLayer();
      await this.#save({
        ...this.#record,
        layerIds: [...layerIds, layer.id],
        snapshots: [...snapshots, { id, depth: layerIds.length, sizeBytes }],
        nextSnapshot: nextSnapshot + 1,
      });
      return id;
    });
  }

  #findSnapshot(snapshotId: string): SnapshotRecord | undefined {
    return this.#record.snapshots.find((snapshot) => snapshot.id === snapshotId);
  }

  openSnapshot(snapshotId: string): PageView | undefined {
    if (this.#findSnapshot(snapshotId) === undefined) return undefined;
    const find = (): SnapshotRecord => {
      const snapshot = this.#findSnapshot(snapshotId);
      if (snapshot === undefined) throw new Error(`snapshot ${snapshotId} of volume ${this.id} is gone`);
      return snapshot;
    };
    const view = createView(
      () => this.#layers(find().depth),
      () => find().sizeBytes,
    );
    return {
      get sizeBytes() {
        return view.sizeBytes;
      },
      listWritten: (window) => view.listWritten(window),
      read: (offsetBytes, target) => this.#gate.share(() => view.read(offsetBytes, target)),
    };
  }

  listSnapshots(): readonly string[] {
    return this.#record.snapshots.map((snapshot) => snapshot.id);
  }

  /** The layers of a snapshot, to build a clone on. */
  layersOf(snapshotId: string): { readonly layerIds: readonly string[]; readonly sizeBytes: number } | undefined {
    const snapshot = this.#findSnapshot(snapshotId);
    if (snapshot === undefined) return undefined;
    return { layerIds: this.#record.layerIds.slice(0, snapshot.depth), sizeBytes: snapshot.sizeBytes };
  }

  deleteSnapshot(snapshotId: string): Promise<void> {
    return this.#gate.exclude(async () => {
      const snapshots = this.#record.snapshots.filter((snapshot) => snapshot.id !== snapshotId);
      await this.#save({ ...this.#record, snapshots });
      await this.#foldLayers();
      await this.#home.sweep();
    });
  }

  /**
   * Folds a layer into the one below it where nothing sees them apart any more, so that chains do not grow. Large ones
   * stay: writers wait meanwhile. A kill in the middle leaves both, with the same content.
   */
  async #foldLayers(): Promise<void> {
    for (let depth = this.#record.layerIds.length - 1; depth > 0; depth -= 1) {
      const { layerIds, snapshots, id } = this.#record;
      // A volume that shrank may have larger snapshots on these layers.
      const sizeBytes = Math.max(this.#record.sizeBytes, ...snapshots.map((snapshot) => snapshot.sizeBytes));
      const [lower, upper] = [layerIds[depth - 1]!, layerIds[depth]!];
      const isSeenApart = snapshots.some((snapshot) => snapshot.depth === depth);
      if (isSeenApart || this.#home.isShared(lower, id) || this.#home.isShared(upper, id)) continue;
      const written = this.#home.layer(upper).map.list({ start: 0, end: sizeBytes }, "written");
      if (totalLength(written) > foldLimitBytes) continue;
      await foldLayer(this.#home.layer(upper), this.#home.layer(lower), written, sizeBytes);
      await this.#save({
        ...this.#record,
        layerIds: layerIds.filter((layerId) => layerId !== upper),
        snapshots: snapshots.map((snapshot) =>
          snapshot.depth > depth ? { ...snapshot, depth: snapshot.depth - 1 } : snapshot,
        ),
      });
    }
  }

  listChanges(
    sinceSnapshotId: string,
    untilSnapshotId?: string,
    window?: ByteRange,
  ): { readonly written: ByteRange[]; readonly cleared: ByteRange[] } | undefined {
    const since = this.#findSnapshot(sinceSnapshotId);
    const until = untilSnapshotId === undefined ? this.#record : this.#findSnapshot(untilSnapshotId);
    if (since === undefined || until === undefined) return undefined;
    const depth = "depth" in until ? until.depth : this.#record.layerIds.length;
    const size = Math.max(since.sizeBytes, until.sizeBytes);
    const merged = mergeMaps(this.#layers(depth).slice(since.depth), size);
    const range = intersectRanges(
      [{ start: 0, end: until.sizeBytes }],
      [window ?? { start: 0, end: until.sizeBytes }],
    )[0];
    if (range === undefined) return { written: [], cleared: [] };
    // Clearing what was not written before changes nothing that a reader could see.
    const before = mergeMaps(this.#layers(since.depth), size).list(range, "written");
    return {
      written: merged.list(range, "written"),
      cleared: intersectRanges(merged.list(range, "cleared"), before),
    };
  }

  usage(): { readonly presentBytes: number; readonly snapshotBytes: number } {
    const present = normalizeRanges(this.listWritten());
    const frozen = this.#record.snapshots.flatMap((snapshot) => this.openSnapshot(snapshot.id)?.listWritten() ?? []);
    const inSnapshots = normalizeRanges(frozen);
    return {
      presentBytes: totalLength(subtractRanges(present, inSnapshots)),
      snapshotBytes: totalLength(inSnapshots),
    };
  }
}
