import type { BlobCall, BlobReply } from "./blob-call.ts";
import { readBlobBody } from "./blob-call.ts";
import { type BlobDeps, newEtag } from "./blob-deps.ts";
import { BlobError, invalidHeader } from "./blob-error.ts";
import { requireContainer } from "./blob-find.ts";
import { metadataHeaders, readMetadata, versionHeaders } from "./blob-headers.ts";
import type { ContainerRecord, StoredPolicy } from "./blob-record.ts";
import { deleteBlob } from "./blob-removal.ts";
import { applyLeaseCall, leaseHeaders, requireLease } from "./leases.ts";

function touch(deps: BlobDeps, container: ContainerRecord): ContainerRecord {
  const after = { ...container, etag: newEtag(deps), modifiedAtMs: deps.now() };
  deps.catalog.putContainer(after);
  return after;
}

function createContainer(deps: BlobDeps, call: BlobCall): BlobReply {
  if (!/^(?!.*--)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/.test(call.container) && call.container !== "$root") {
    throw new BlobError(400, "InvalidResourceName", "The specified resource name contains invalid characters.");
  }
  if (deps.catalog.findContainer(call.account, call.container) !== undefined) {
    throw new BlobError(409, "ContainerAlreadyExists", "The specified container already exists.");
  }
  const made = touch(deps, {
    account: call.account,
    name: call.container,
    etag: "",
    modifiedAtMs: 0,
    metadata: readMetadata(call),
    policies: [],
  });
  return { status: 201, headers: versionHeaders(made) };
}

async function deleteContainer(deps: BlobDeps, call: BlobCall): Promise<BlobReply> {
  const container = requireContainer(deps, call);
  requireLease(call, container.lease, deps.now());
  for (const blob of deps.catalog.list(call.account, call.container)) {
    if (blob.snapshot === undefined) await deleteBlob(deps, blob, "include");
  }
  deps.catalog.removeContainer(call.account, call.container);
  return { status: 202 };
}

function element(xml: string, name: string): string | null {
  return new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1] ?? null;
}

function parseInstant(text: string | null): number | null {
  if (text === null || text === "") return null;
  const instant = Date.parse(text);
  if (Number.isNaN(instant))
    throw new BlobError(400, "InvalidXmlDocument", "The specified XML is not syntactically valid.");
  return instant;
}

async function setPolicies(deps: BlobDeps, call: BlobCall): Promise<BlobReply> {
  const container = requireContainer(deps, call);
  const xml = (await readBlobBody(call, 64 * 1024)).toString("utf8");
  const policies = [...xml.matchAll(/<SignedIdentifier>([\s\S]*?)<\/SignedIdentifier>/g)].map(
    ([, one = ""]): StoredPolicy => ({
      id: element(one, "Id") ?? "",
      startsAtMs: parseInstant(element(one, "Start")),
      endsAtMs: parseInstant(element(one, "Expiry")),
      permissions: element(one, "Permission"),
    }),
  );
  if (policies.length > 5) throw invalidHeader("SignedIdentifiers", String(policies.length));
  return { status: 200, headers: versionHeaders(touch(deps, { ...container, policies })) };
}

function getPolicies(deps: BlobDeps, call: BlobCall): BlobReply {
  const container = requireContainer(deps, call);
  const time = (value: number | null): string => (value === null ? "" : new Date(value).toISOString());
  const rows = container.policies.map(
    (one) =>
      `<SignedIdentifier><Id>${one.id}</Id><AccessPolicy><Start>${time(one.startsAtMs)}</Start><Expiry>${time(one.endsAtMs)}</Expiry><Permission>${one.permissions ?? ""}</Permission></AccessPolicy></SignedIdentifier>`,
  );
  return {
    status: 200,
    headers: { ...versionHeaders(container), "content-type": "application/xml" },
    body: `<?xml version="1.0" encoding="utf-8"?><SignedIdentifiers>${rows.join("")}</SignedIdentifiers>`,
  };
}

function leaseContainer(deps: BlobDeps, call: BlobCall): BlobReply {
  const container = requireContainer(deps, call);
  const { lease, reply } = applyLeaseCall(call, container.lease, { nowMs: deps.now(), uuid: deps.uuid });
  const { lease: _before, ...rest } = container;
  const after = { ...rest, ...(lease === undefined ? {} : { lease }) };
  deps.catalog.putContainer(after);
  return { ...reply, headers: { ...versionHeaders(after), ...reply.headers } };
}

function getContainer(deps: BlobDeps, call: BlobCall): BlobReply {
  const container = requireContainer(deps, call);
  return {
    status: 200,
    headers: {
      ...versionHeaders(container),
      ...metadataHeaders(container.metadata),
      ...leaseHeaders(container.lease, deps.now()),
      "x-ms-has-immutability-policy": "false",
      "x-ms-has-legal-hold": "false",
    },
  };
}

/** Calls on a container, but for listing its blobs. Undefined where the call is none of them. */
export async function answerContainer(deps: BlobDeps, call: BlobCall): Promise<BlobReply | undefined> {
  const comp = call.query.get("comp");
  const key = `${call.method} ${comp ?? ""}`;
  switch (key) {
    case "PUT ":
      return createContainer(deps, call);
    case "GET ":
    case "HEAD ":
    case "GET metadata":
    case "HEAD metadata":
      return getContainer(deps, call);
    case "DELETE ":
      return deleteContainer(deps, call);
    case "PUT metadata": {
      const container = requireContainer(deps, call);
      requireLease(call, container.lease, deps.now());
      return { status: 200, headers: versionHeaders(touch(deps, { ...container, metadata: readMetadata(call) })) };
    }
    case "PUT acl":
      return setPolicies(deps, call);
    case "GET acl":
    case "HEAD acl":
      return getPolicies(deps, call);
    case "PUT lease":
      return leaseContainer(deps, call);
    default:
      return undefined;
  }
}
