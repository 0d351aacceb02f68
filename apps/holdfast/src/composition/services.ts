import type { Catalog } from "@holdfast/catalog";
import type { StampRecord } from "@holdfast/catalog";
import type { PointStore, Stamp } from "@holdfast/engine";
import type { Clock, Random, Secret } from "@holdfast/kernel";
import type { BlobStore, KdfName, Key, Keyring, OpenPoints } from "@holdfast/repository";

export type { KdfName, KeySlotInfo, Keyring, NewKeySlot } from "@holdfast/repository";

export interface ServiceOptions {
  readonly signal: AbortSignal;
  /** Told of what is risky but no error, such as a secret that others can read. */
  readonly warn: (line: string) => void;
}

/** A repository that was just made, and the code that opens it should the passphrase be lost. */
export interface MadeRepository {
  readonly id: string;
  /** Printable text of the recovery kit. It opens the repository: shown once, never stored by Holdfast. */
  readonly recoveryKit: Secret;
  /** Last group of the kit's code: typed back by the user as proof that the kit was kept. */
  readonly lastGroup: Secret;
}

/** What opens a repository: its passphrase, the code of its recovery kit, or enough shares of one set. */
export type RepositoryKey = Key;

/** What commands need of the world. The real one names every concrete adapter; tests hand in fakes. */
export interface Services {
  readonly clock: Clock;
  readonly random: Random;
  readonly environment: Readonly<Record<string, string | undefined>>;
  openCatalog(): Promise<Catalog>;
  /** Reads the credential from its file and asks the stamp who it is. */
  connectStamp(record: StampRecord, options: ServiceOptions): Promise<Stamp & AsyncDisposable>;
  /**
   * Makes an empty repository. `keepKit` is called before the repository becomes usable; when it throws, nothing is left.
   */
  createRepository(
    wanted: {
      readonly location: string;
      readonly passphrase: Secret;
      readonly kdf?: KdfName;
      readonly keepKit: (kit: MadeRepository) => Promise<void>;
    },
    options: ServiceOptions,
  ): Promise<{ readonly id: string }>;
  /** Opens the bare store at a location; nothing of a repository need be there. */
  openStore(location: string, options: ServiceOptions): Promise<BlobStore>;
  /** Opens the key slots only: without reading the index, and also of a repository whose data is damaged. */
  openKeyring(location: string, key: RepositoryKey, options: ServiceOptions): Promise<Keyring>;
  openRepository(location: string, key: RepositoryKey, options: ServiceOptions): Promise<PointStore>;
  /** As `openRepository`, with what copies need of the repository itself. */
  openCopyable(
    location: string,
    key: RepositoryKey,
    options: ServiceOptions & { readonly threads?: number },
  ): Promise<OpenPoints>;
}
