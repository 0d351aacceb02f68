import { formatInstant } from "@holdfast/kernel";
import type { CommandHandler } from "../cli/context.ts";
import { formatTable } from "../cli/table.ts";
import type { KeySlotInfo } from "../composition/services.ts";
import { openKnownKeyring, readNewSlot, requireSecretKeeper, selectSlot } from "./keyring-session.ts";
import type { NewSlotOptions, SlotKind } from "./keyring-session.ts";
import type { RepositoryOptions } from "./repository-session.ts";

/** Lists the key slots, and which of them was used for it. */
export const runKeysList: CommandHandler<RepositoryOptions> = async (options, context) => {
  await using catalog = await context.services.openCatalog();
  const keyring = await openKnownKeyring(catalog, options, context);
  const slots = await keyring.list({ signal: context.signal });
  context.output.result(slots, () =>
    formatTable(
      ["SLOT", "KIND", "LABEL", "MADE", "BY", "STATE"],
      slots.map((slot) => [
        slot.id,
        slot.kind ?? "unreadable",
        slot.label,
        slot.createdAtMs === null ? "" : formatInstant(slot.createdAtMs),
        slot.threshold === null ? (slot.kdf ?? "") : `${slot.threshold} of ${slot.count} shares`,
        slot.isOpener ? `${slot.state}, opened this` : slot.state,
      ]),
    ),
  );
};

/** Adds a slot; its secret is kept before the slot exists. */
export const runKeysAdd: CommandHandler<NewSlotOptions & { readonly kind: SlotKind }> = async (options, context) => {
  const { kind } = options;
  requireSecretKeeper(kind, options, context);
  await using catalog = await context.services.openCatalog();
  const keyring = await openKnownKeyring(catalog, options, context);
  const added = await keyring.add(await readNewSlot(kind, options, context), { signal: context.signal });
  context.output.result(added, () => `Slot ${added.id} (${describe(added)}) opens the repository from now on.`);
};

export interface RemoveSlotInput extends RepositoryOptions {
  readonly slot: string;
  readonly acceptRisk?: boolean;
}

/** Removes a slot. The master key stays what it is. */
export const runKeysRemove: CommandHandler<RemoveSlotInput> = async (options, context) => {
  const { signal } = context;
  await using catalog = await context.services.openCatalog();
  const keyring = await openKnownKeyring(catalog, options, context);
  const slot = selectSlot(await keyring.list({ signal }), options.slot);
  await keyring.remove(slot.id, { hasConsent: options.acceptRisk === true }, { signal });
  context.output.note(
    "the master key has not changed: whoever opened the repository by this slot before may have kept it (docs/keys.md)",
  );
  context.output.result({ removed: slot }, () => `Slot ${slot.id} (${describe(slot)}) does not open it any more.`);
};

/** Puts a new slot of the same kind in the place of one, by default of the one that opened the repository. */
export const runKeysRotate: CommandHandler<NewSlotOptions & { readonly slot?: string }> = async (options, context) => {
  const { signal, output } = context;
  await using catalog = await context.services.openCatalog();
  const keyring = await openKnownKeyring(catalog, options, context);
  const old = selectSlot(await keyring.list({ signal }), options.slot ?? keyring.openedBy);
  const kind = old.kind ?? "passphrase";
  requireSecretKeeper(kind, options, context);
  const shape = old.kind === "shares" ? { threshold: old.threshold!, count: old.count! } : {};
  const wanted = await readNewSlot(kind, { label: old.label, ...shape, ...options }, context);
  const added = await keyring.rotate(old.id, wanted, { signal });
  output.note("the master key has not changed: see docs/keys.md if the old secret was stolen");
  output.result({ added, removed: old }, () => `Slot ${added.id} (${describe(added)}) stands in for ${old.id}.`);
};

function describe({ kind, label }: KeySlotInfo): string {
  return label === "" ? (kind ?? "unreadable") : label;
}
