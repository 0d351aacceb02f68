import { createHash, randomUUID } from "node:crypto";
import { mkdir, open, readFile, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { LayeredVolume, type VolumeHome, type VolumeRecord } from "./layered-volume.ts";
import { pageBytes } from "./page-map.ts";
import type { PageStore, PageVolume } from "./page-store.ts";
import { VolumeLayer } from "./volume-layer.ts";

export interface FilePageStoreOptions {
  readonly folder: string;
  /** False leaves out every fsync: for emulators that live no longer than their process. */
  readonly isDurable: boolean;
}

async function syncFolder(folder: string): Promise<void> {
  await using handle = await open(folder);
  await handle.sync();
}

/** Volumes as sparse files in a folder; see docs/emulator-pages.md. */
class FilePageStore implements PageStore {
  readonly #options: FilePageStoreOptions;
  readonly #volumes = new Map<string, LayeredVolume>();
  readonly #layers = new Map<string, VolumeLayer>();
  /** Layers that no record names yet. */
  readonly #fresh = new Set<string>();
  readonly #home: VolumeHome;

  constructor(options: FilePageStoreOptions) {
    this.#options = options;
    this.#home = {
      layer: (id) => {
        const layer = this.#layers.get(id);
        if (layer === undefined) throw new Error(`layer ${id} is missing`);
        return layer;
      },
      newLayer: () => {
        const id = randomUUID();
        this.#fresh.add(id);
        return this.#openLayer(id);
      },
      isShared: (layerId, volumeId) =>
        [...this.#volumes.values()].some(({ record }) => record.id !== volumeId && record.layerIds.includes(layerId)),
      save: (record) => this.#saveRecord(record),
      sweep: () => this.#sweep(),
    };
  }

  #layerFolder(): string {
    return join(this.#options.folder, "layers");
  }

  #recordFile(volumeId: string): string {
    const name = createHash("sha256").update(volumeId).digest("hex").slice(0, 32);
    return join(this.#options.folder, "volumes", `${name}.json`);
  }

  async load(): Promise<void> {
    await mkdir(this.#layerFolder(), { recursive: true, mode: 0o700 });
    const folder = join(this.#options.folder, "volumes");
    await mkdir(folder, { recursive: true, mode: 0o700 });
    for (const name of (await readdir(folder)).filter((entry) => entry.endsWith(".json"))) {
      const record = JSON.parse(await readFile(join(folder, name), "utf8")) as VolumeRecord;
      for (const id of record.layerIds) if (!this.#layers.has(id)) await this.#openLayer(id);
      this.#volumes.set(record.id, new LayeredVolume(record, this.#home));
    }
    await this.#removeStrays();
  }

  /** Files of layers that were begun, or dropped, when the process before this one died. */
  async #removeStrays(): Promise<void> {
    for (const name of await readdir(this.#layerFolder())) {
      if (!this.#layers.has(name.replace(/\.(data|log)$/, "")))
        await rm(join(this.#layerFolder(), name), { force: true });
    }
  }

  async #openLayer(id: string): Promise<VolumeLayer> {
    const layer = await VolumeLayer.open(this.#layerFolder(), id, this.#options.isDurable);
    if (this.#options.isDurable) await syncFolder(this.#layerFolder());
    this.#layers.set(id, layer);
    return layer;
  }

  async #saveRecord(record: VolumeRecord): Promise<void> {
    const file = this.#recordFile(record.id);
    const temporary = `${file}.${randomUUID()}.tmp`;
    await using handle = await open(temporary, "w", 0o600);
    await handle.writeFile(JSON.stringify(record));
    if (this.#options.isDurable) await handle.sync();
    await rename(temporary, file);
    if (this.#options.isDurable) await syncFolder(join(this.#options.folder, "volumes"));
    for (const id of record.layerIds) this.#fresh.delete(id);
  }

  async #sweep(): Promise<void> {
    const used = new Set(this.#fresh);
    for (const { record } of this.#volumes.values()) for (const id of record.layerIds) used.add(id);
    for (const [id, layer] of this.#layers) {
      if (used.has(id)) continue;
      this.#layers.delete(id);
      await layer.remove();
    }
  }

  async #add(record: Omit<VolumeRecord, "snapshots" | "nextSnapshot">): Promise<PageVolume> {
    if (this.#volumes.has(record.id)) throw new Error(`volume ${record.id} is there already`);
    const whole: VolumeRecord = { ...record, snapshots: [], nextSnapshot: 1 };
    const volume = new LayeredVolume(whole, this.#home);
    this.#volumes.set(record.id, volume);
    try {
      await this.#saveRecord(whole);
    } catch (error) {
      this.#volumes.delete(record.id);
      throw error;
    }
    return volume;
  }

  async create(id: string, sizeBytes: number): Promise<PageVolume> {
    if (sizeBytes % pageBytes !== 0 || sizeBytes < 0) throw new RangeError(`size ${sizeBytes} is not whole pages`);
    const layer = await this.#home.newLayer();
    return this.#add({ id, sizeBytes, layerIds: [layer.id] });
  }

  open(id: string): PageVolume | undefined {
    return this.#volumes.get(id);
  }

  async clone(id: string, from: { readonly volumeId: string; readonly snapshotId: string }): Promise<PageVolume> {
    const layer = await this.#home.newLayer();
    // From here to the entry of the clone nothing is awaited: a snapshot deleted meanwhile would take its layers away.
    const base = this.#volumes.get(from.volumeId)?.layersOf(from.snapshotId);
    if (base === undefined) {
      this.#fresh.delete(layer.id);
      await this.#sweep();
      throw new Error(`snapshot ${from.snapshotId} of volume ${from.volumeId} is not there`);
    }
    return this.#add({ id, sizeBytes: base.sizeBytes, layerIds: [...base.layerIds, layer.id] });
  }

  async delete(id: string): Promise<void> {
    if (!this.#volumes.delete(id)) return;
    await rm(this.#recordFile(id), { force: true });
    await this.#sweep();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const layer of this.#layers.values()) {
      await layer.flush();
      await layer[Symbol.asyncDispose]();
    }
    this.#layers.clear();
    this.#volumes.clear();
  }
}

/** Opens the volumes of a folder, or begins with none. */
export async function openFilePageStore(options: FilePageStoreOptions): Promise<PageStore> {
  const store = new FilePageStore(options);
  await store.load();
  return store;
}
