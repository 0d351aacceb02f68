import { resolve } from "node:path";
import { isIP } from "node:net";
import type { StampRecord } from "@holdfast/catalog";
import { HoldfastError } from "@holdfast/kernel";
import { serviceOptions } from "../cli/context.ts";
import type { CommandHandler } from "../cli/context.ts";
import { formatFields } from "../cli/table.ts";

export interface AddStampInput {
  readonly name: string;
  readonly arm: string;
  readonly tenant: string;
  readonly clientId: string;
  readonly secretFile?: string;
  readonly certificate?: string;
  readonly ca?: string;
  readonly subscription?: string;
  readonly resolve?: readonly string[];
}

/** Signs in and asks the stamp who it is; saves nothing unless it answered. */
export const runStampAdd: CommandHandler<AddStampInput> = async (input, context) => {
  const { services, output, signal } = context;
  const record = readRecord(input);
  await using catalog = await services.openCatalog();
  const before = await catalog.findStamp(record.name);
  if (before !== null && before.armEndpoint !== record.armEndpoint) throw nameTaken(record, before);
  using progress = output.startProgress();
  progress.phase(`connecting ${record.armEndpoint}`);
  await using stamp = await services.connectStamp(record, serviceOptions(context));
  const facts = await stamp.describe({ signal });
  await catalog.saveStamp({ ...record, subscriptionId: facts.subscriptionId });
  const shown = {
    name: record.name,
    armEndpoint: facts.armEndpoint,
    location: facts.location,
    subscriptionId: facts.subscriptionId,
    identityProvider: facts.identityProvider,
    clockSkewMs: facts.clockSkewMs,
  };
  output.result(shown, () =>
    formatFields([
      ["stamp", `${record.name} is connected`],
      ["location", facts.location],
      ["subscription", facts.subscriptionId],
      ["identity", facts.identityProvider],
      ["clock", `${Math.round(facts.clockSkewMs / 1000)} s from ours`],
    ]),
  );
};

function readRecord(input: AddStampInput): StampRecord {
  if (!/^[a-z0-9][a-z0-9-]{0,62}$/i.test(input.name)) {
    throw invalid(`${input.name} cannot be a stamp's name`, "Use letters, digits and hyphens, at most 63.");
  }
  const { secretFile, certificate } = input;
  if ((secretFile === undefined) === (certificate === undefined)) {
    throw invalid("exactly one credential is needed", "Give either --secret-file or --certificate.");
  }
  return {
    name: input.name,
    armEndpoint: readAddress(input.arm),
    tenant: input.tenant,
    clientId: input.clientId,
    // Paths are kept whole: the next command may run in another folder.
    credential:
      secretFile === undefined
        ? { kind: "certificate-file", path: resolve(certificate ?? "") }
        : { kind: "secret-file", path: resolve(secretFile) },
    caFile: input.ca === undefined ? null : resolve(input.ca),
    subscriptionId: input.subscription ?? null,
    resolve: Object.fromEntries((input.resolve ?? []).map(readOverride)),
  };
}

function readAddress(text: string): string {
  const url = URL.parse(text);
  if (url !== null && url.protocol === "https:" && url.username === "" && url.search === "") {
    return url.href.replace(/\/+$/, "");
  }
  throw invalid("the address given by --arm is not an https:// address", "Give https://management.<region>.<domain>.");
}

function readOverride(text: string): readonly [string, string] {
  const [, host, address] = /^((?:\*\.)?[a-z0-9.-]+)=(.+)$/i.exec(text) ?? [];
  if (host !== undefined && address !== undefined && isIP(address) !== 0) return [host.toLowerCase(), address];
  throw invalid(`${text} is not HOST=ADDRESS`, "Give it as '*.east.example.com=10.0.0.4'.");
}

function invalid(message: string, advice: string): HoldfastError {
  return new HoldfastError({ code: "cli.usage.invalid", message, advice });
}

function nameTaken(record: StampRecord, before: StampRecord): HoldfastError {
  return new HoldfastError({
    code: "cli.stamp.exists",
    message: `the name ${record.name} is that of the stamp at ${before.armEndpoint}`,
    advice: "Choose another name, or run `holdfast stamp remove` first.",
    details: { name: record.name, armEndpoint: before.armEndpoint },
  });
}
