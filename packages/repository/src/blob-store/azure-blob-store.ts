import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import type { LookupFunction } from "node:net";
import { Readable } from "node:stream";
import { createSecureContext, getCACertificates } from "node:tls";
import type { BlockBlobClient, ContainerClient, Pipeline, RequestPolicyFactory } from "@azure/storage-blob";
import { hasErrorCode } from "@holdfast/kernel";
import type { ByteRange, Random, Secret } from "@holdfast/kernel";
import { azureError } from "./azure-error.ts";
import { parseAzureLocation } from "./azure-location.ts";
import { objectShort, refuseTooLarge } from "./blob-store.ts";
import type { BlobOptions, BlobStore, GetOptions } from "./blob-store.ts";
import { checkObjectName } from "./object-name.ts";

/** The newest version that Azure Stack Hub's storage knows; the SDK alone would ask for a newer one. */
const platformVersion = "2019-07-07";

export type AzureCredential =
  | { readonly kind: "account-key"; readonly key: Secret }
  /** A shared access signature for the container: to read, create, write, delete and list. */
  | { readonly kind: "sas"; readonly token: Secret };

export interface AzureStoreOptions {
  readonly random: Random;
  /** Authorities trusted besides the system's. */
  readonly caPem?: string;
  /** Finds hosts that no DNS knows. */
  readonly lookup?: LookupFunction;
}

/**
 * Keeps objects as block blobs in a container that exists, one Put Blob each (256 MiB at most), under the location of
 * `parseAzureLocation`. The SDK is loaded at the first call. A put whose answer was lost and that the SDK sends again finds
 * its own object: it is known by a random word in the blob's metadata, and succeeds.
 */
export function createAzureBlobStore(
  location: string,
  credential: AzureCredential,
  options: AzureStoreOptions,
): BlobStore {
  const { prefix } = parseAzureLocation(location);
  let connected: Promise<ContainerClient> | undefined;
  const container = (): Promise<ContainerClient> => (connected ??= connect(location, credential, options));
  const withBlob = <T>(name: string, callOptions: BlobOptions, send: (blob: BlockBlobClient) => Promise<T>) =>
    call(name, callOptions, async () => {
      checkObjectName(name);
      return await send((await container()).getBlockBlobClient(prefix + name));
    });
  return {
    size: (name, callOptions = {}) =>
      withBlob(name, callOptions, async (blob) => {
        try {
          return await lengthOf(blob, callOptions);
        } catch (error) {
          if (hasErrorCode(azureError(name, error), "repository.store.missing")) return null;
          throw error;
        }
      }),
    put: (name, bytes, callOptions = {}) =>
      withBlob(name, callOptions, (blob) => putOnce(blob, { name, bytes, word: options.random.uuid() }, callOptions)),
    get: (name, range, callOptions = {}) =>
      withBlob(name, callOptions, (blob) => getRange(blob, name, range, callOptions)),
    delete: (name, callOptions = {}) =>
      withBlob(name, callOptions, async (blob) => {
        await blob.deleteIfExists(abort(callOptions));
      }),
    async *list(within, callOptions = {}) {
      callOptions.signal?.throwIfAborted();
      const pages = (await container()).listBlobsFlat({ ...abort(callOptions), prefix: prefix + within });
      for (;;) {
        const next = await call(`${within}*`, callOptions, () => pages.next());
        if (next.done === true) return;
        yield next.value.name.slice(prefix.length);
      }
    },
  };
}

async function call<T>(name: string, { signal }: BlobOptions, send: () => Promise<T>): Promise<T> {
  signal?.throwIfAborted();
  try {
    return await send();
  } catch (error) {
    signal?.throwIfAborted();
    throw azureError(name, error);
  }
}

async function lengthOf(blob: BlockBlobClient, options: BlobOptions): Promise<number> {
  return (await blob.getProperties(abort(options))).contentLength ?? 0;
}

async function putOnce(
  blob: BlockBlobClient,
  { name, bytes, word }: { readonly name: string; readonly bytes: Uint8Array; readonly word: string },
  options: BlobOptions,
): Promise<void> {
  try {
    await blob.upload(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), bytes.length, {
      ...abort(options),
      conditions: { ifNoneMatch: "*" },
      metadata: { put: word },
    });
  } catch (error) {
    if (!hasErrorCode(azureError(name, error), "repository.store.exists")) throw error;
    const { metadata } = await blob.getProperties(abort(options));
    if (metadata?.["put"] !== word) throw error;
  }
}

async function getRange(
  blob: BlockBlobClient,
  name: string,
  range: ByteRange | undefined,
  options: GetOptions,
): Promise<Uint8Array> {
  if (range === undefined) return await getWhole(blob, name, options);
  const { start, end } = range;
  if (start < end) return await collect(name, await blob.download(start, end - start, abort(options)), end - start);
  // HTTP has no empty range: what is there is asked by its length.
  if ((await lengthOf(blob, options)) < end) throw objectShort(name);
  return new Uint8Array();
}

async function getWhole(blob: BlockBlobClient, name: string, options: GetOptions): Promise<Uint8Array> {
  const answer = await blob.download(0, undefined, abort(options));
  const { contentLength = 0, readableStreamBody } = answer;
  try {
    refuseTooLarge(name, contentLength, options);
  } catch (error) {
    if (readableStreamBody instanceof Readable) readableStreamBody.destroy();
    throw error;
  }
  return await collect(name, answer, contentLength);
}

function abort({ signal }: BlobOptions): { abortSignal?: AbortSignal } {
  return signal === undefined ? {} : { abortSignal: signal };
}

async function collect(
  name: string,
  { readableStreamBody }: { readonly readableStreamBody?: NodeJS.ReadableStream },
  lengthBytes: number,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(lengthBytes);
  let done = 0;
  for await (const part of readableStreamBody ?? []) {
    const piece = Buffer.from(part);
    if (done + piece.length > lengthBytes) throw new RangeError(`${name}: the store sent more than was asked for`);
    bytes.set(piece, done);
    done += piece.length;
  }
  if (done < lengthBytes) throw objectShort(name);
  return bytes;
}

async function connect(
  location: string,
  credential: AzureCredential,
  options: AzureStoreOptions,
): Promise<ContainerClient> {
  const sdk = await import("@azure/storage-blob");
  const { account, containerUrl } = parseAzureLocation(location);
  const signer =
    credential.kind === "sas"
      ? new sdk.AnonymousCredential()
      : new sdk.StorageSharedKeyCredential(account, credential.key.reveal());
  const pipeline: Pipeline = sdk.newPipeline(signer, { retryOptions: { maxTries: 4, tryTimeoutInMs: 120_000 } });
  // First in line, so that the version is in place before the request is signed.
  pipeline.factories.unshift(pinRequests(createAgent(containerUrl, options)));
  const query = credential.kind === "sas" ? `?${credential.token.reveal().replace(/^\?/, "")}` : "";
  return new sdk.ContainerClient(containerUrl + query, pipeline);
}

function pinRequests(agent: HttpAgent): RequestPolicyFactory {
  return {
    create: (next) => ({
      sendRequest: (request) => {
        request.headers.set("x-ms-version", platformVersion);
        request.agent = agent;
        return next.sendRequest(request);
      },
    }),
  };
}

function createAgent(url: string, { caPem, lookup }: AzureStoreOptions): HttpAgent {
  const shared = { keepAlive: true, maxSockets: 16, ...(lookup === undefined ? {} : { lookup }) };
  if (url.startsWith("http:")) return new HttpAgent(shared);
  if (caPem === undefined) return new HttpsAgent(shared);
  return new HttpsAgent({
    ...shared,
    secureContext: createSecureContext({ ca: [...getCACertificates("default"), caPem] }),
  });
}
