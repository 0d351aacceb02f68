import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { HoldfastError, formatBytes, formatDuration } from "@holdfast/kernel";
import { validateStore } from "@holdfast/repository";
import type { StoreVerdict } from "@holdfast/repository";
import { serviceOptions } from "../cli/context.ts";
import type { CommandHandler } from "../cli/context.ts";
import { exitCodes } from "../cli/exit-codes.ts";
import { formatFields, formatTable } from "../cli/table.ts";
import { asksForLock, scratchLocation } from "../composition/scratch-location.ts";

export interface ValidateInput {
  readonly location: string;
}

const verdictExitCodes = { sound: exitCodes.ok, weak: exitCodes.partial, unfit: exitCodes.unproven } as const;

/** Judges a store by what a repository needs of it, in a scratch folder that is deleted afterwards. */
export const runRepoValidate: CommandHandler<ValidateInput> = async (input, context) => {
  const { services, output, signal } = context;
  const location = input.location.includes("://") ? input.location : resolve(input.location);
  if (!location.includes("://")) await checkFolder(location);
  const scratch = `holdfast-validate-${Buffer.from(services.random.bytes(4)).toString("hex")}`;
  using progress = output.startProgress();
  const options = serviceOptions(context);
  // Each folder has clients of its own; what they warn of is in the verdict.
  const quiet = { ...options, warn: () => undefined };
  const open = async (folder: string, lock: "one-day" | "none") =>
    await services.openStore(scratchLocation(location, folder, lock), quiet);
  const verdict = await validateStore(
    scratch,
    {
      clock: services.clock,
      random: services.random,
      openFolder: (folder) => open(folder, "none"),
      openLocked: asksForLock(location) ? (folder) => open(folder, "one-day") : null,
    },
    { signal, onObligation: ({ name }) => progress.phase(name) },
  );
  output.result({ location, scratch, ...verdict }, () => tell(location, scratch, verdict));
  return verdictExitCodes[verdict.verdict];
};

/** A folder that is not there would be made by the first put, perhaps beside a share that is not mounted. */
async function checkFolder(path: string): Promise<void> {
  const found = await stat(path).catch(() => null);
  if (found?.isDirectory() === true) return;
  throw new HoldfastError({
    code: "cli.validate.no-folder",
    message: `there is no folder ${path}`,
    advice: "Make the folder, or mount the share, then run the command again.",
    details: { path },
  });
}

function tell(
  location: string,
  scratch: string,
  { verdict, obligations, rates, traits, leftCount }: StoreVerdict,
): string {
  const table = formatTable(
    ["OBLIGATION", "HOLDS", "TIME"],
    obligations.map(({ name, holds, isNeeded, durationMs }) => [
      name,
      holds ? "yes" : isNeeded ? "NO" : "no, not needed",
      formatDuration(durationMs),
    ]),
  );
  const reasons = obligations.flatMap(({ name, reason }) => (reason === null ? [] : [`${name}: ${reason}\n`])).join("");
  const fields = formatFields([
    ["location", location],
    ["verdict", verdict],
    ["create", traits.hasExclusiveCreate ? "exclusive" : "not exclusive"],
    ["medium", traits.medium === null ? "not told" : `${traits.medium.name}: ${traits.medium.durability}`],
    ["locks", traits.objectLock?.isEnabled === true ? "the bucket can lock" : "none"],
    ...(rates === null
      ? []
      : ([
          ["put", `${formatBytes(rates.putBytesPerSecond)}/s, 4 at a time`],
          ["get", `${formatBytes(rates.getBytesPerSecond)}/s, 4 at a time`],
          ["small put", formatDuration(rates.smallPutMs)],
        ] as const)),
    ["left behind", leftCount === 0 ? "nothing" : `${scratch}, objects that could not be deleted: ${leftCount}`],
  ]);
  return `${table}${reasons === "" ? "" : `\n${reasons}`}\n${fields}`;
}
