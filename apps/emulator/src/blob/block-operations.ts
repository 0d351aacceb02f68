import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { join } from "node:path";
import type { BlobCall, BlobReply } from "./blob-call.ts";
import { readBlobBody } from "./blob-call.ts";
import { type BlobDeps, newEtag } from "./blob-deps.ts";
import { BlobError, blobNotFound, invalidQuery } from "./blob-error.ts";
import { requireReplaceable } from "./blob-replacement.ts";
import { findBlob, requireBlob, requireContainer } from "./blob-find.ts";
import { readContentHeaders, readMetadata, versionHeaders } from "./blob-headers.ts";
import type { BlockBlobRecord, BlockRecord } from "./blob-record.ts";
import { releaseContent } from "./blob-removal.ts";
import { requireConditions } from "./conditions.ts";

const maxPutBytes = 256 * 1024 * 1024;
const maxBlockBytes = 100 * 1024 * 1024;

async function storeBlock(deps: BlobDeps, call: BlobCall, limitBytes: number): Promise<BlockRecord> {
  const path = `${call.account}/${call.container}/${call.blob}`;
  if (deps.faults.take("fill-volume", path) !== undefined) {
    throw new BlobError(500, "InternalError", "The server encountered an internal error: the volume is full.");
  }
  const body = await readBlobBody(call, limitBytes);
  const wanted = call.header("content-md5");
  if (wanted !== undefined && createHash("md5").update(body).digest("base64") !== wanted) {
    throw new BlobError(
      400,
      "Md5Mismatch",
      "The MD5 value specified in the request did not match with the MD5 value calculated by the server.",
    );
  }
  const file = deps.uuid();
  await using handle = await open(join(deps.blockFolder, file), "wx", 0o600);
  await handle.writeFile(body);
  if (deps.isDurable) await handle.sync();
  return { id: call.query.get("blockid") ?? "", file, sizeBytes: body.length };
}

/** Replaces a blob by a block blob of the given blocks; answers 201. */
async function replaceBlob(deps: BlobDeps, call: BlobCall, blocks: readonly BlockRecord[]): Promise<BlobReply> {
  const before = requireReplaceable(deps, call);
  const blob: BlockBlobRecord = {
    kind: "BlockBlob",
    account: call.account,
    container: call.container,
    name: call.blob,
    contentLength: blocks.reduce((sum, block) => sum + block.sizeBytes, 0),
    etag: newEtag(deps),
    createdAtMs: deps.now(),
    modifiedAtMs: deps.now(),
    metadata: readMetadata(call),
    contentHeaders: readContentHeaders(call),
    blocks,
    ...(before?.lease === undefined ? {} : { lease: before.lease }),
  };
  deps.catalog.put(blob);
  if (before !== undefined) await releaseContent(deps, before);
  return { status: 201, headers: { ...versionHeaders(blob), "x-ms-request-server-encrypted": "true" } };
}

/** Put Blob, type block, in one request. */
export async function putBlockBlob(deps: BlobDeps, call: BlobCall): Promise<BlobReply> {
  requireContainer(deps, call);
  requireConditions(call, findBlob(deps, call));
  const block = await storeBlock(deps, call, maxPutBytes);
  return replaceBlob(deps, call, block.sizeBytes === 0 ? [] : [block]);
}

/** Put Block: kept aside until a list names it. */
export async function putBlock(deps: BlobDeps, call: BlobCall): Promise<BlobReply> {
  requireContainer(deps, call);
  const id = call.query.get("blockid") ?? "";
  if (!/^[A-Za-z0-9+/]+=*$/.test(id) || Buffer.from(id, "base64").length > 64) throw invalidQuery("blockid", id);
  const key = { account: call.account, container: call.container, name: call.blob };
  const block = await storeBlock(deps, call, maxBlockBytes);
  deps.catalog.putUncommitted(key, [...deps.catalog.uncommitted(key).filter((one) => one.id !== id), block]);
  return { status: 201, headers: { "x-ms-request-server-encrypted": "true" } };
}

/** Put Block List: the blob is what the list names, in its order. */
export async function putBlockList(deps: BlobDeps, call: BlobCall): Promise<BlobReply> {
  requireContainer(deps, call);
  const xml = (await readBlobBody(call, 4 * 1024 * 1024)).toString("utf8");
  const key = { account: call.account, container: call.container, name: call.blob };
  const before = findBlob(deps, call);
  const committed = before?.kind === "BlockBlob" ? before.blocks : [];
  const uncommitted = deps.catalog.uncommitted(key);
  const blocks = [...xml.matchAll(/<(Latest|Committed|Uncommitted)>([^<]+)<\/\1>/g)].map(([, kind, id]) => {
    const pools = { Latest: [uncommitted, committed], Committed: [committed], Uncommitted: [uncommitted] };
    const found = pools[kind as keyof typeof pools].flat().find((block) => block.id === id);
    if (found === undefined) throw new BlobError(400, "InvalidBlockList", "The specified block list is invalid.");
    return found;
  });
  const reply = await replaceBlob(deps, call, blocks);
  deps.catalog.putUncommitted(key, []);
  return reply;
}

/** Get Block List. */
export function getBlockList(deps: BlobDeps, call: BlobCall): BlobReply {
  const key = { account: call.account, container: call.container, name: call.blob };
  const waiting = deps.catalog.uncommitted(key);
  const isThere = findBlob(deps, call) !== undefined;
  if (!isThere && waiting.length === 0) throw blobNotFound();
  const blob = isThere ? requireBlob(deps, call) : undefined;
  const committed = blob?.kind === "BlockBlob" ? blob.blocks : [];
  const which = call.query.get("blocklisttype") ?? "committed";
  const list = (name: string, blocks: readonly BlockRecord[]): string =>
    `<${name}>${blocks.map((block) => `<Block><Name>${block.id}</Name><Size>${block.sizeBytes}</Size></Block>`).join("")}</${name}>`;
  const body = [
    '<?xml version="1.0" encoding="utf-8"?><BlockList>',
    which === "uncommitted" ? "" : list("CommittedBlocks", committed),
    which === "committed" ? "" : list("UncommittedBlocks", waiting),
    "</BlockList>",
  ].join("");
  return {
    status: 200,
    headers: {
      ...(blob === undefined ? {} : versionHeaders(blob)),
      "content-type": "application/xml",
      "x-ms-blob-content-length": String(blob?.contentLength ?? 0),
    },
    body,
  };
}
