import type { BlobCall, BlobReply } from "./blob-call.ts";
import type { BlobDeps } from "./blob-deps.ts";
import { invalidQuery } from "./blob-error.ts";
import { requireContainer } from "./blob-find.ts";
import { httpTime } from "./blob-headers.ts";
import type { BlobRecord, ContainerRecord } from "./blob-record.ts";
import { leaseHeaders } from "./leases.ts";

const xmlHead = '<?xml version="1.0" encoding="utf-8"?>';

export function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

function leaseXml(headers: Readonly<Record<string, string>>): string {
  const duration = headers["x-ms-lease-duration"];
  return [
    `<LeaseStatus>${headers["x-ms-lease-status"]}</LeaseStatus><LeaseState>${headers["x-ms-lease-state"]}</LeaseState>`,
    duration === undefined ? "" : `<LeaseDuration>${duration}</LeaseDuration>`,
  ].join("");
}

function metadataXml(metadata: Readonly<Record<string, string>>): string {
  const rows = Object.entries(metadata).map(([key, value]) => `<${key}>${escapeXml(value)}</${key}>`);
  return rows.length === 0 ? "<Metadata />" : `<Metadata>${rows.join("")}</Metadata>`;
}

function blobXml(blob: BlobRecord, include: ReadonlySet<string>, nowMs: number): string {
  const content = blob.contentHeaders["content-type"] ?? "application/octet-stream";
  return [
    `<Blob><Name>${escapeXml(blob.name)}</Name>`,
    blob.snapshot === undefined ? "" : `<Snapshot>${blob.snapshot}</Snapshot>`,
    `<Properties><Creation-Time>${httpTime(blob.createdAtMs)}</Creation-Time><Last-Modified>${httpTime(blob.modifiedAtMs)}</Last-Modified>`,
    `<Etag>${blob.etag.replaceAll('"', "")}</Etag><Content-Length>${blob.contentLength}</Content-Length>`,
    `<Content-Type>${escapeXml(content)}</Content-Type>`,
    blob.kind === "PageBlob" ? `<x-ms-blob-sequence-number>${blob.sequenceNumber}</x-ms-blob-sequence-number>` : "",
    `<BlobType>${blob.kind}</BlobType>`,
    blob.snapshot === undefined ? leaseXml(leaseHeaders(blob.lease, nowMs)) : "",
    "<ServerEncrypted>true</ServerEncrypted></Properties>",
    include.has("metadata") ? metadataXml(blob.metadata) : "",
    "</Blob>",
  ].join("");
}

interface Page<T> {
  readonly items: readonly T[];
  readonly nextMarker: string;
}

/** Cuts a sorted list at `marker` and `maxresults`. Markers name the item to go on from. */
function pageOf<T>(call: BlobCall, items: readonly T[], nameOf: (item: T) => string): Page<T> {
  const text = call.query.get("maxresults") ?? "5000";
  const limit = Number(text);
  if (!Number.isInteger(limit) || limit < 1) throw invalidQuery("maxresults", text);
  const marker = call.query.get("marker") ?? "";
  const from = marker === "" ? 0 : items.findIndex((item) => nameOf(item) === marker);
  if (from === -1) return { items: [], nextMarker: "" };
  const until = from + Math.min(limit, 5000);
  const next = items[until];
  return { items: items.slice(from, until), nextMarker: next === undefined ? "" : nameOf(next) };
}

interface Entry {
  readonly name: string;
  readonly xml: string;
}

/** List Blobs, flat or by a delimiter. */
export function listBlobs(deps: BlobDeps, call: BlobCall): BlobReply {
  requireContainer(deps, call);
  const prefix = call.query.get("prefix") ?? "";
  const delimiter = call.query.get("delimiter") ?? "";
  const include = new Set((call.query.get("include") ?? "").split(","));
  const entries = new Map<string, Entry>();
  for (const blob of deps.catalog.list(call.account, call.container)) {
    if (!blob.name.startsWith(prefix) || (blob.snapshot !== undefined && !include.has("snapshots"))) continue;
    const cut = delimiter === "" ? -1 : blob.name.indexOf(delimiter, prefix.length);
    if (cut !== -1) {
      const name = blob.name.slice(0, cut + delimiter.length);
      entries.set(name, { name, xml: `<BlobPrefix><Name>${escapeXml(name)}</Name></BlobPrefix>` });
    } else {
      const marker = `${blob.name}\u0000${blob.snapshot ?? "~"}`;
      entries.set(marker, { name: marker, xml: blobXml(blob, include, deps.now()) });
    }
  }
  const sorted = [...entries.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  const page = pageOf(call, sorted, (entry) => Buffer.from(entry.name).toString("base64url"));
  return {
    status: 200,
    headers: { "content-type": "application/xml" },
    body: [
      `${xmlHead}<EnumerationResults ServiceEndpoint="${call.url.origin}/" ContainerName="${call.container}">`,
      `<Prefix>${escapeXml(prefix)}</Prefix>`,
      delimiter === "" ? "" : `<Delimiter>${escapeXml(delimiter)}</Delimiter>`,
      `<Blobs>${page.items.map((entry) => entry.xml).join("")}</Blobs><NextMarker>${page.nextMarker}</NextMarker></EnumerationResults>`,
    ].join(""),
  };
}

function containerXml(container: ContainerRecord, nowMs: number): string {
  return [
    `<Container><Name>${container.name}</Name><Properties><Last-Modified>${httpTime(container.modifiedAtMs)}</Last-Modified>`,
    `<Etag>${container.etag.replaceAll('"', "")}</Etag>${leaseXml(leaseHeaders(container.lease, nowMs))}</Properties>`,
    "</Container>",
  ].join("");
}

/** List Containers. */
export function listContainers(deps: BlobDeps, call: BlobCall): BlobReply {
  const prefix = call.query.get("prefix") ?? "";
  const found = deps.catalog.listContainers(call.account).filter((one) => one.name.startsWith(prefix));
  const page = pageOf(call, found, (container) => container.name);
  return {
    status: 200,
    headers: { "content-type": "application/xml" },
    body: [
      `${xmlHead}<EnumerationResults ServiceEndpoint="${call.url.origin}/"><Prefix>${escapeXml(prefix)}</Prefix>`,
      `<Containers>${page.items.map((container) => containerXml(container, deps.now())).join("")}</Containers>`,
      `<NextMarker>${page.nextMarker}</NextMarker></EnumerationResults>`,
    ].join(""),
  };
}
