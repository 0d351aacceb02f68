import { randomBytes } from "node:crypto";
import type { DocumentStore } from "../core/document-store.ts";
import type { DiskAccess, DiskGrant } from "../pages/disk-access.ts";
import type { BlobCall } from "./blob-call.ts";
import { BlobError, authenticationFailed } from "./blob-error.ts";
import { isSameSignature } from "./shared-key.ts";

interface KeptGrant extends DiskGrant {
  readonly resourceId: string;
  readonly signature: string;
  readonly policyId: string;
}

/** Grants on disks and snapshots, and who comes with one. */
export interface DiskGrants extends DiskAccess {
  /** True for an account that belongs to the platform. */
  isDiskAccount(account: string): boolean;
  /** The grant that a call shows; 403 where it shows none that holds. */
  require(call: BlobCall): DiskGrant;
  /** The grant behind the address of an older snapshot, for listing changes. */
  requireAddress(address: string): DiskGrant;
}

export interface DiskGrantDeps {
  readonly kept: DocumentStore<KeptGrant>;
  readonly domain: string;
  port(): number;
  now(): number;
  uuid(): string;
}

const accountPrefix = "md-";

export type { KeptGrant };

/** Opens the grants of one stamp. They survive a restart. */
export function createDiskGrants(deps: DiskGrantDeps): DiskGrants {
  const byResource = (resourceId: string): KeptGrant | undefined => deps.kept.get(resourceId.toLowerCase());
  const requirePath = (path: string, signature: string): DiskGrant => {
    const grant = deps.kept.entries().find(([, one]) => one.path === path)?.[1];
    if (grant === undefined || !isSameSignature(grant.signature, signature)) {
      throw authenticationFailed("Signature did not match, or the access has ended.");
    }
    if (grant.expiresAtMs <= deps.now()) throw authenticationFailed("Signature not valid in the specified time frame.");
    return grant;
  };
  return {
    grant: async (resourceId, wanted) => {
      const account = `${accountPrefix}${randomBytes(8).toString("hex")}`;
      const policyId = deps.uuid();
      const path = `${account}/${deps.uuid()}/abcd`;
      const signature = randomBytes(32).toString("base64");
      deps.kept.put(resourceId.toLowerCase(), { ...wanted, path, resourceId, signature, policyId });
      const query = new URLSearchParams({ sv: "2018-03-28", sr: "b", si: policyId, sig: signature });
      const [, ...rest] = path.split("/");
      return `https://${account}.blob.${deps.domain}:${deps.port()}/${rest.join("/")}?${query}`;
    },
    revoke: async (resourceId) => deps.kept.delete(resourceId.toLowerCase()),
    find: (resourceId) => {
      const grant = byResource(resourceId);
      return grant !== undefined && grant.expiresAtMs > deps.now() ? grant : undefined;
    },
    isDiskAccount: (account) => account.startsWith(accountPrefix),
    require: (call) => requirePath(`${call.account}/${call.container}/${call.blob}`, call.query.get("sig") ?? ""),
    requireAddress: (address) => {
      if (!URL.canParse(address)) {
        throw new BlobError(
          400,
          "InvalidHeaderValue",
          "The value for one of the HTTP headers is not in the correct format: x-ms-previous-snapshot-url.",
        );
      }
      const url = new URL(address);
      const path = `${url.hostname.split(".")[0]}${url.pathname}`;
      return requirePath(path, url.searchParams.get("sig") ?? "");
    },
  };
}
