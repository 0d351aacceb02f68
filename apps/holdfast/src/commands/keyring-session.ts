import type { Catalog } from "@holdfast/catalog";
import { HoldfastError, Secret } from "@holdfast/kernel";
import { serviceOptions } from "../cli/context.ts";
import type { CommandContext } from "../cli/context.ts";
import { keepKit, keepShares, requireKitKeeper } from "../cli/keep-secret-sheets.ts";
import { readNewPassphrase } from "../cli/passphrase.ts";
import { readRepositoryKey } from "../cli/repository-key.ts";
import type { KdfName, Keyring, KeySlotInfo, NewKeySlot } from "../composition/services.ts";
import { chooseRepository, requireSameRepository } from "./repository-session.ts";
import type { RepositoryOptions } from "./repository-session.ts";

export type SlotKind = NewKeySlot["secret"]["kind"];

/** Options that say what a new slot is. */
export interface NewSlotOptions extends RepositoryOptions {
  readonly label?: string;
  readonly newPassphraseFile?: string;
  readonly kdf?: KdfName;
  readonly recoveryKit?: string;
  readonly threshold?: number;
  readonly count?: number;
  readonly sharesFolder?: string;
}

/** Opens the key slots of a known repository; refuses one that is not the one the catalog knows. */
export async function openKnownKeyring(
  catalog: Catalog,
  options: RepositoryOptions,
  context: CommandContext,
): Promise<Keyring> {
  const record = await chooseRepository(catalog, options.repo);
  const key = await readRepositoryKey(options, context);
  const keyring = await context.services.openKeyring(record.location, key, serviceOptions(context));
  requireSameRepository(record, keyring.repositoryId);
  return keyring;
}

/** Finds a slot by its id or the beginning of it, four letters or more. */
export function selectSlot(slots: readonly KeySlotInfo[], wanted: string): KeySlotInfo {
  const found = slots.filter(({ id }) => id === wanted || (wanted.length >= 4 && id.startsWith(wanted)));
  if (found.length === 1) return found[0]!;
  if (found.length === 0) {
    throw new HoldfastError({
      code: "cli.slot.not-found",
      message: `the repository has no key slot ${wanted}`,
      advice: "List them by `holdfast repo keys list`; give the id or four letters or more of its beginning.",
      details: { slot: wanted },
    });
  }
  throw new HoldfastError({
    code: "cli.slot.ambiguous",
    message: `several key slots begin with ${wanted}`,
    advice: "Give more of the id; `holdfast repo keys list` shows it.",
    details: { slot: wanted },
  });
}

/** What must be known before the repository is opened: what is missing here would be found too late. */
export function requireSecretKeeper(kind: SlotKind, options: NewSlotOptions, context: CommandContext): void {
  if (kind === "recovery") requireKitKeeper(options.recoveryKit, context);
  if (kind !== "shares" || options.sharesFolder !== undefined) return;
  throw new HoldfastError({
    code: "cli.input.needed",
    message: "shares are written to files, and no folder is named for them",
    advice: "Name a new folder by --shares-folder.",
  });
}

/** Makes what is handed to the keyring from the options; asks for a new passphrase where no file has it. */
export async function readNewSlot(
  kind: SlotKind,
  options: NewSlotOptions,
  context: CommandContext,
): Promise<NewKeySlot> {
  if (kind === "passphrase") {
    const passphrase = await readNewPassphrase(options.newPassphraseFile, context);
    const kdf = options.kdf === undefined ? {} : { kdf: options.kdf };
    return { label: options.label ?? "passphrase", secret: { kind, passphrase, ...kdf } };
  }
  if (kind === "recovery") {
    const keep = async ({ id, recoveryKit, lastGroup }: { id: string; recoveryKit: string; lastGroup: string }) =>
      await keepKit(
        { id, recoveryKit: new Secret(recoveryKit), lastGroup: new Secret(lastGroup) },
        options.recoveryKit,
        context,
      );
    return { label: options.label ?? "recovery kit", secret: { kind, keepKit: keep } };
  }
  const { threshold, count, sharesFolder } = options;
  if (threshold === undefined || count === undefined || sharesFolder === undefined) {
    throw new HoldfastError({
      code: "cli.input.needed",
      message: "a set of shares needs a threshold, a count and a folder",
      advice: "Give --threshold, --count and --shares-folder.",
    });
  }
  const keep = async (sheets: readonly string[]): Promise<void> =>
    await keepShares(
      sheets.map((sheet) => new Secret(sheet)),
      sharesFolder,
      context,
    );
  const label = options.label ?? `any ${threshold} of ${count} shares`;
  return { label, secret: { kind, threshold, count, keepShares: keep } };
}
