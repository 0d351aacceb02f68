import type { DocumentStore } from "../core/document-store.ts";
import type { BlobRecord, BlockRecord, ContainerRecord } from "./blob-record.ts";

export interface BlobKey {
  readonly account: string;
  readonly container: string;
  readonly name: string;
  readonly snapshot?: string;
}

/** What blobs and containers there are. Durable when a call returns. */
export interface BlobCatalog {
  findContainer(account: string, name: string): ContainerRecord | undefined;
  putContainer(container: ContainerRecord): void;
  removeContainer(account: string, name: string): void;
  listContainers(account: string): ContainerRecord[];
  find(key: BlobKey): BlobRecord | undefined;
  put(blob: BlobRecord): void;
  remove(key: BlobKey): void;
  /** Blobs of a container with their snapshots, in order of name, snapshots by age before the blob. */
  list(account: string, container: string): BlobRecord[];
  snapshotsOf(key: BlobKey): BlobRecord[];
  uncommitted(key: BlobKey): readonly BlockRecord[];
  putUncommitted(key: BlobKey, blocks: readonly BlockRecord[]): void;
}

/** A byte that stands in no name, before the snapshot, so that keys sort by name. */
const separator = "\u0000";

function containerKey(account: string, name: string): string {
  return `${account}/${name}`;
}

function blobKey(key: BlobKey): string {
  return `${key.account}/${key.container}/${key.name}${separator}${key.snapshot ?? "~"}`;
}

export function createBlobCatalog(stores: {
  readonly containers: DocumentStore<ContainerRecord>;
  readonly blobs: DocumentStore<BlobRecord>;
  readonly blocks: DocumentStore<readonly BlockRecord[]>;
}): BlobCatalog {
  const below = (prefix: string): BlobRecord[] =>
    stores.blobs
      .entries()
      .filter(([key]) => key.startsWith(prefix))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, blob]) => blob);
  return {
    findContainer: (account, name) => stores.containers.get(containerKey(account, name)),
    putContainer: (container) => stores.containers.put(containerKey(container.account, container.name), container),
    removeContainer: (account, name) => stores.containers.delete(containerKey(account, name)),
    listContainers: (account) =>
      stores.containers
        .entries()
        .map(([, container]) => container)
        .filter((container) => container.account === account)
        .sort((a, b) => (a.name < b.name ? -1 : 1)),
    find: (key) => stores.blobs.get(blobKey(key)),
    put: (blob) => stores.blobs.put(blobKey(blob), blob),
    remove: (key) => stores.blobs.delete(blobKey(key)),
    list: (account, container) => below(`${account}/${container}/`),
    snapshotsOf: ({ account, container, name }) =>
      below(`${account}/${container}/${name}${separator}`).filter((blob) => blob.snapshot !== undefined),
    uncommitted: (key) => stores.blocks.get(blobKey(key)) ?? [],
    putUncommitted: (key, blocks) => {
      if (blocks.length === 0) stores.blocks.delete(blobKey(key));
      else stores.blocks.put(blobKey(key), blocks);
    },
  };
}
