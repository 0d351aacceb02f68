import { link, rm } from "node:fs/promises";
import { join } from "node:path";
import type { BlobCall, BlobReply } from "./blob-call.ts";
import { type BlobDeps, newEtag } from "./blob-deps.ts";
import { BlobError, invalidHeader } from "./blob-error.ts";
import { readMetadata, versionHeaders } from "./blob-headers.ts";
import type { BlobRecord, BlockBlobRecord, BlockRecord, CopyRecord } from "./blob-record.ts";
import { replaceBlob, requireReplaceable } from "./blob-replacement.ts";

/** Content to copy from: pages frozen for the copy, or blocks. */
type CopySource =
  | {
      readonly kind: "PageBlob";
      readonly volumeId: string;
      readonly snapshotId: string | undefined;
      readonly contentLength: number;
    }
  | { readonly kind: "BlockBlob"; readonly blob: Extract<BlobRecord, { kind: "BlockBlob" }> };

/**
 * The blob that `x-ms-copy-source` names, as far as it lies on this stamp. Raises where the caller may not read it: by a
 * SAS in the address, or by the key of its account where the copy goes to the same one.
 */
export type FindCopySource = (address: URL, copy: BlobCall) => CopySource | undefined;

async function copyPages(deps: BlobDeps, source: Extract<CopySource, { kind: "PageBlob" }>): Promise<string> {
  const volumeId = `blob-${deps.uuid()}`;
  const from = deps.pages.open(source.volumeId);
  if (from === undefined) throw new Error(`the pages of volume ${source.volumeId} are missing`);
  const snapshotId = source.snapshotId ?? (await from.snapshot());
  await deps.pages.clone(volumeId, { volumeId: source.volumeId, snapshotId });
  if (source.snapshotId === undefined) await from.deleteSnapshot(snapshotId);
  return volumeId;
}

/** Blocks under names of their own: the source may go before the copy does. */
async function copyBlocks(deps: BlobDeps, blocks: readonly BlockRecord[]): Promise<BlockRecord[]> {
  const copied: BlockRecord[] = [];
  for (const block of blocks) {
    const file = deps.uuid();
    await link(join(deps.blockFolder, block.file), join(deps.blockFolder, file));
    copied.push({ ...block, file });
  }
  return copied;
}

type CopiedContent = { readonly contentLength: number; discard(): Promise<void> } & (
  | { readonly kind: "PageBlob"; readonly volumeId: string }
  | Pick<BlockBlobRecord, "kind" | "blocks" | "contentHeaders">
);

async function copyContent(deps: BlobDeps, source: CopySource): Promise<CopiedContent> {
  if (source.kind === "PageBlob") {
    const volumeId = await copyPages(deps, source);
    const { kind, contentLength } = source;
    return { kind, contentLength, volumeId, discard: () => deps.pages.delete(volumeId) };
  }
  const { kind, contentLength, contentHeaders } = source.blob;
  const blocks = await copyBlocks(deps, source.blob.blocks);
  const discard = async (): Promise<void> => {
    for (const { file } of blocks) await rm(join(deps.blockFolder, file), { force: true });
  };
  return { kind, contentLength, contentHeaders, blocks, discard };
}

/** Copy Blob on one stamp: done when answered, though told as the asynchronous operation that it is. */
export async function copyBlob(deps: BlobDeps, call: BlobCall, find: FindCopySource): Promise<BlobReply> {
  const address = call.header("x-ms-copy-source") ?? "";
  if (!URL.canParse(address)) throw invalidHeader("x-ms-copy-source", address);
  const source = find(new URL(address), call);
  if (source === undefined) {
    throw new BlobError(404, "CannotVerifyCopySource", "The specified blob does not exist.");
  }
  requireReplaceable(deps, call);
  const nowMs = deps.now();
  const url = new URL(address);
  const copy = (totalBytes: number): CopyRecord => ({
    id: deps.uuid(),
    source: `${url.origin}${url.pathname}`,
    status: "success",
    totalBytes,
    completedAtMs: nowMs,
  });
  const common = {
    account: call.account,
    container: call.container,
    name: call.blob,
    etag: newEtag(deps),
    createdAtMs: nowMs,
    modifiedAtMs: nowMs,
    metadata: readMetadata(call),
  };
  const copied = await copyContent(deps, source);
  const make = (): BlobRecord =>
    copied.kind === "PageBlob"
      ? {
          ...common,
          contentHeaders: { "content-type": "application/octet-stream" },
          kind: "PageBlob",
          contentLength: copied.contentLength,
          volumeId: copied.volumeId,
          sequenceNumber: 0,
          copy: copy(copied.contentLength),
        }
      : {
          ...common,
          contentHeaders: copied.contentHeaders,
          kind: "BlockBlob",
          contentLength: copied.contentLength,
          blocks: copied.blocks,
          copy: copy(copied.contentLength),
        };
  const made = await replaceBlob(deps, call, { make, discard: copied.discard });
  return {
    status: 202,
    headers: { ...versionHeaders(made), "x-ms-copy-id": made.copy?.id ?? "", "x-ms-copy-status": "success" },
  };
}
