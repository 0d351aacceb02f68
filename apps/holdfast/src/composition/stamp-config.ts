import { readFile } from "node:fs/promises";
import type { StampRecord } from "@holdfast/catalog";
import { HoldfastError } from "@holdfast/kernel";
import type { StampConfig } from "@holdfast/stackhub";
import { readSecretFile } from "../cli/secret-file.ts";

/** Reads what a stamp's record names by path: the credential and the stamp's own authority. */
export async function readStampConfig(record: StampRecord, warn: (line: string) => void): Promise<StampConfig> {
  const { kind, path } = record.credential;
  const what = kind === "secret-file" ? "the client secret" : "the certificate and its key";
  const secret = await readSecretFile(path, `${what} of ${record.name}`, { note: warn });
  return {
    name: record.name,
    armEndpoint: record.armEndpoint,
    tenant: record.tenant,
    clientId: record.clientId,
    credential: kind === "secret-file" ? { kind: "secret", secret } : { kind: "certificate", pem: secret },
    resolve: record.resolve,
    ...(record.subscriptionId === null ? {} : { subscriptionId: record.subscriptionId }),
    ...(record.caFile === null ? {} : { caPem: await readCa(record.caFile, record.name) }),
  };
}

async function readCa(path: string, stampName: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new HoldfastError({
      code: "cli.ca.unreadable",
      message: `the file ${path} with the certificate authority of ${stampName} cannot be read`,
      advice: "Check the path, or connect the stamp again by `holdfast stamp add`.",
      details: { path, stampName },
      cause: error,
    });
  }
}
