import { Readable } from "node:stream";
import type { HeadObjectCommandOutput, PutObjectCommandInput, S3Client } from "@aws-sdk/client-s3";
import { hasErrorCode } from "@holdfast/kernel";
import type { ByteRange, Clock, Random } from "@holdfast/kernel";
import { objectExists, objectShort, refuseTooLarge } from "./blob-store.ts";
import type { BlobOptions, BlobStore, GetOptions, LockRule, ObjectLock, StoreTraits } from "./blob-store.ts";
import { checkObjectName } from "./object-name.ts";
import { connectS3, lockChecksum } from "./s3-client.ts";
import type { S3Credential, S3Network, S3Sdk } from "./s3-client.ts";
import { noBucket, objectLocked, objectNotLocked, otherRange, s3AnswerOf, s3Error } from "./s3-error.ts";
import { parseS3Location } from "./s3-location.ts";
import type { S3Location } from "./s3-location.ts";

export interface S3StoreOptions extends S3Network {
  readonly random: Random;
  readonly clock: Clock;
  /** Told where the server cannot create exclusively. */
  readonly warn?: (line: string) => void;
}

/** Its dot keeps it out of the names of the port, and so out of listings. */
const probeName = "exclusive.probe";

/** Only these are written once and for long; what else there is may have to go sooner. */
const lockedNames = /^(packs|index|points)\//;

/** Tries of what the SDK does not repeat by itself: a body that breaks off, and a put beside another of the same name. */
const tries = 4;

interface Connection {
  readonly sdk: S3Sdk;
  readonly client: S3Client;
}

/**
 * Keeps objects in a bucket that exists, one PutObject each, under the location of `parseS3Location`. The SDK is loaded at
 * the first call. Objects are created by `If-None-Match: *`; the first put asks the server by a probe object whether it
 * honours that, and where it does not, a put looks before it writes, which does not keep two writers of one name apart.
 * A put whose answer was lost and that is sent again finds its own object by a random word in its metadata. With a lock in
 * the location, packs, index objects and points are locked for its days from their put; that of the first object, and of
 * each point, is read back.
 */
export function createS3BlobStore(location: string, credential: S3Credential, options: S3StoreOptions): BlobStore {
  return new S3BlobStore(parseS3Location(location), credential, options);
}

class S3BlobStore implements BlobStore {
  readonly #place: S3Location;
  readonly #credential: S3Credential;
  readonly #options: S3StoreOptions;
  #connection: Promise<Connection> | undefined;
  #isExclusive: Promise<boolean> | undefined;
  #isBucketSeen = false;
  #isLockSeen = false;

  constructor(place: S3Location, credential: S3Credential, options: S3StoreOptions) {
    this.#place = place;
    this.#credential = credential;
    this.#options = options;
  }

  async put(name: string, bytes: Uint8Array, options: BlobOptions = {}): Promise<void> {
    options.signal?.throwIfAborted();
    checkObjectName(name);
    const isExclusive = await this.#askExclusive(options);
    if (!isExclusive && (await this.#head(name, options)) !== null) throw objectExists(name);
    const word = this.#options.random.uuid();
    const input = {
      ...this.#at(name),
      // The platform's hash and HTTP take no memory that threads share.
      Body: bytes.buffer instanceof SharedArrayBuffer ? Uint8Array.from(bytes) : bytes,
      ContentLength: bytes.length,
      Metadata: { put: word },
      ...(isExclusive ? { IfNoneMatch: "*" } : {}),
      ...(await this.#lockOf(name, bytes)),
    };
    await this.#putOnce(name, word, input, options);
    if (input.ObjectLockMode !== undefined) await this.#readLockBack(name, input, options);
  }

  async get(name: string, range?: ByteRange, options: GetOptions = {}): Promise<Uint8Array> {
    checkObjectName(name);
    if (range !== undefined && range.start === range.end) return await this.#getNothing(name, range.end, options);
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#getOnce(name, range, options);
      } catch (error) {
        if (attempt === tries || !hasErrorCode(error, "repository.store.unreachable")) throw error;
        await this.#options.clock.sleep(100 * 2 ** attempt, options);
      }
    }
  }

  async size(name: string, options: BlobOptions = {}): Promise<number | null> {
    checkObjectName(name);
    const found = await this.#head(name, options);
    return found === null ? null : (found.ContentLength ?? 0);
  }

  async *list(prefix: string, options: BlobOptions = {}): AsyncIterable<string> {
    let token: string | undefined;
    do {
      const page = await this.#call(`${prefix}*`, options, ({ sdk, client }, sendOptions) =>
        client.send(
          new sdk.ListObjectsV2Command({
            Bucket: this.#place.bucket,
            Prefix: this.#place.prefix + prefix,
            ...(token === undefined ? {} : { ContinuationToken: token }),
          }),
          sendOptions,
        ),
      );
      for (const { Key = "" } of page.Contents ?? []) {
        options.signal?.throwIfAborted();
        const name = Key.slice(this.#place.prefix.length);
        if (name !== probeName) yield name;
      }
      token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
    } while (token !== undefined);
  }

  async delete(name: string, options: BlobOptions = {}): Promise<void> {
    checkObjectName(name);
    // Where locks are on, a plain deletion would only hide the object and answer success.
    const found = this.#place.lock === null ? undefined : await this.#head(name, options);
    if (found === null) return;
    try {
      await this.#deleteVersion(name, found?.VersionId, options);
    } catch (error) {
      if (found?.ObjectLockMode !== undefined && hasErrorCode(error, "repository.store.denied"))
        throw objectLocked(name, error);
      throw error;
    }
  }

  async readTraits(options: BlobOptions = {}): Promise<StoreTraits> {
    return {
      hasExclusiveCreate: await this.#askExclusive(options),
      objectLock: await this.#readBucketLock(options),
      medium: null,
    };
  }

  async removeTraces(): Promise<void> {
    const found = await this.#head(probeName, {});
    if (found !== null) await this.#deleteVersion(probeName, found.VersionId, {});
  }

  async #deleteVersion(name: string, version: string | undefined, options: BlobOptions): Promise<void> {
    await this.#call(name, options, ({ sdk, client }, sendOptions) =>
      client.send(
        new sdk.DeleteObjectCommand({ ...this.#at(name), ...(version === undefined ? {} : { VersionId: version }) }),
        sendOptions,
      ),
    );
  }

  #at(name: string): { readonly Bucket: string; readonly Key: string } {
    return { Bucket: this.#place.bucket, Key: this.#place.prefix + name };
  }

  async #lockOf(name: string, bytes: Uint8Array): Promise<Partial<PutObjectCommandInput>> {
    const { lock } = this.#place;
    if (lock === null || !lockedNames.test(name)) return {};
    return {
      ObjectLockMode: lock.mode === "compliance" ? "COMPLIANCE" : "GOVERNANCE",
      // Whole seconds: what is finer, servers drop.
      ObjectLockRetainUntilDate: new Date(Math.ceil(this.#options.clock.now() / 1000) * 1000 + lock.days * 86_400_000),
      ...(await lockChecksum(bytes)),
    };
  }

  async #putOnce(name: string, word: string, input: PutObjectCommandInput, options: BlobOptions): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#send(options, ({ sdk, client }, sendOptions) =>
          client.send(new sdk.PutObjectCommand(input), sendOptions),
        );
        return;
      } catch (error) {
        options.signal?.throwIfAborted();
        const { status } = s3AnswerOf(error);
        // 409: another put of the name is under way, and may still fail.
        if (status !== 412 && status !== 409) throw s3Error(name, error);
        const found = await this.#head(name, options);
        if (found?.Metadata?.["put"] === word) return;
        if (found !== null || attempt === tries) throw status === 412 ? s3Error(name, error) : objectExists(name);
        await this.#options.clock.sleep(100 * 2 ** attempt, options);
      }
    }
  }

  async #getOnce(name: string, range: ByteRange | undefined, options: GetOptions): Promise<Uint8Array> {
    return await this.#call(name, options, async ({ sdk, client }, sendOptions) => {
      const answer = await client.send(
        new sdk.GetObjectCommand({
          ...this.#at(name),
          ...(range === undefined ? {} : { Range: `bytes=${range.start}-${range.end - 1}` }),
        }),
        sendOptions,
      );
      const body = (answer.Body ?? []) as AsyncIterable<Uint8Array>;
      const lengthBytes = answer.ContentLength ?? 0;
      if (range === undefined) refuseBody(name, lengthBytes, body, options);
      // A server may send more than was asked for: it says where its answer starts.
      const from = Number(/^bytes (\d+)-/.exec(answer.ContentRange ?? "")?.[1] ?? 0);
      const wanted = range ?? { start: 0, end: lengthBytes };
      if (from > wanted.start) throw otherRange(name);
      const within = { start: wanted.start - from, end: wanted.end - from };
      return await collect(name, body, within, options.into);
    });
  }

  /** HTTP has no empty range: what is there is asked by its length. */
  async #getNothing(name: string, end: number, options: BlobOptions): Promise<Uint8Array> {
    const found = await this.#call(name, options, ({ sdk, client }, sendOptions) =>
      client.send(new sdk.HeadObjectCommand(this.#at(name)), sendOptions),
    );
    if ((found.ContentLength ?? 0) < end) throw objectShort(name);
    return new Uint8Array();
  }

  async #head(name: string, options: BlobOptions): Promise<HeadObjectCommandOutput | null> {
    try {
      return await this.#call(name, options, ({ sdk, client }, sendOptions) =>
        client.send(new sdk.HeadObjectCommand(this.#at(name)), sendOptions),
      );
    } catch (error) {
      if (!hasErrorCode(error, "repository.store.missing")) throw error;
      await this.#checkBucket(name, options);
      return null;
    }
  }

  /** The answer to HEAD has no body, so it is the same for a bucket that is not there. */
  async #checkBucket(name: string, options: BlobOptions): Promise<void> {
    if (this.#isBucketSeen) return;
    try {
      await this.#call(name, options, ({ sdk, client }, sendOptions) =>
        client.send(new sdk.HeadBucketCommand({ Bucket: this.#place.bucket }), sendOptions),
      );
    } catch (error) {
      throw hasErrorCode(error, "repository.store.missing") ? noBucket(name, error) : error;
    }
    this.#isBucketSeen = true;
  }

  #askExclusive(options: BlobOptions): Promise<boolean> {
    this.#isExclusive ??= this.#probe(options).catch((error: unknown) => {
      // The next put asks again.
      this.#isExclusive = undefined;
      throw error;
    });
    return this.#isExclusive;
  }

  /** Creates the probe object twice; it stays, so that one request tells the next store. */
  async #probe(options: BlobOptions): Promise<boolean> {
    for (let attempt = 1; attempt <= 2; attempt += 1) {
      const status = await this.#send(options, ({ sdk, client }, sendOptions) =>
        client.send(
          new sdk.PutObjectCommand({ ...this.#at(probeName), Body: Buffer.from("probe"), IfNoneMatch: "*" }),
          sendOptions,
        ),
      ).then(
        () => 200,
        (error: unknown) => {
          options.signal?.throwIfAborted();
          const answer = s3AnswerOf(error);
          if ([409, 412, 501].includes(answer.status)) return answer.status;
          throw s3Error(probeName, error);
        },
      );
      if (status === 412 || status === 409) return true;
      if (status === 501) break;
    }
    const where = `s3://${this.#place.bucket}/${this.#place.prefix}`;
    this.#options.warn?.(
      `warning: the store at ${where} replaces objects where it should refuse; never make one repository there from two places at once`,
    );
    return false;
  }

  async #readLockBack(name: string, input: PutObjectCommandInput, options: BlobOptions): Promise<void> {
    if (this.#isLockSeen && !name.startsWith("points/")) return;
    const found = await this.#head(name, options);
    if (found?.ObjectLockMode !== input.ObjectLockMode)
      throw objectNotLocked(name, `its mode reads ${found?.ObjectLockMode ?? "none"}`);
    const untilMs = found?.ObjectLockRetainUntilDate?.getTime() ?? 0;
    if (untilMs < (input.ObjectLockRetainUntilDate?.getTime() ?? 0))
      throw objectNotLocked(name, "its end reads earlier than asked for");
    this.#isLockSeen = true;
  }

  async #readBucketLock(options: BlobOptions): Promise<ObjectLock> {
    const wanted = this.#place.lock;
    try {
      const { ObjectLockConfiguration: found } = await this.#send(options, ({ sdk, client }, sendOptions) =>
        client.send(new sdk.GetObjectLockConfigurationCommand({ Bucket: this.#place.bucket }), sendOptions),
      );
      const rule = found?.Rule?.DefaultRetention;
      const byBucket =
        rule?.Mode === undefined ? null : { mode: modeOf(rule.Mode), days: rule.Days ?? (rule.Years ?? 0) * 365 };
      const example = await this.#readExampleLock(options);
      return { isEnabled: found?.ObjectLockEnabled === "Enabled", wanted, byBucket, example };
    } catch (error) {
      options.signal?.throwIfAborted();
      const { status } = s3AnswerOf(error);
      if (status === 404 || status === 501 || status === 400)
        return { isEnabled: false, wanted, byBucket: null, example: null };
      throw s3Error("config", error);
    }
  }

  async #readExampleLock(options: BlobOptions): Promise<ObjectLock["example"]> {
    for await (const object of this.list("points/", options)) {
      const found = await this.#head(object, options);
      if (found?.ObjectLockMode === undefined) return null;
      return {
        object,
        mode: modeOf(found.ObjectLockMode),
        untilMs: found.ObjectLockRetainUntilDate?.getTime() ?? 0,
      };
    }
    return null;
  }

  async #send<T>(
    { signal }: BlobOptions,
    work: (connection: Connection, sendOptions: { abortSignal?: AbortSignal }) => Promise<T>,
  ): Promise<T> {
    signal?.throwIfAborted();
    this.#connection ??= import("@aws-sdk/client-s3").then((sdk) => ({
      sdk,
      client: connectS3(sdk, this.#place, this.#credential, this.#options),
    }));
    return await work(await this.#connection, signal === undefined ? {} : { abortSignal: signal });
  }

  async #call<T>(
    name: string,
    options: BlobOptions,
    work: (connection: Connection, sendOptions: { abortSignal?: AbortSignal }) => Promise<T>,
  ): Promise<T> {
    try {
      return await this.#send(options, work);
    } catch (error) {
      options.signal?.throwIfAborted();
      throw s3Error(name, error);
    }
  }
}

function modeOf(mode: string): LockRule["mode"] {
  return mode === "COMPLIANCE" ? "compliance" : "governance";
}

/** Takes a range out of a body, and leaves what follows it. */
/** Raises what is too large, and lets the connection go. */
function refuseBody(name: string, lengthBytes: number, body: unknown, options: GetOptions): void {
  try {
    refuseTooLarge(name, lengthBytes, options);
  } catch (error) {
    if (body instanceof Readable) body.destroy();
    throw error;
  }
}

async function collect(
  name: string,
  body: AsyncIterable<Uint8Array>,
  { start, end }: ByteRange,
  into?: Uint8Array,
): Promise<Uint8Array> {
  const bytes = into?.subarray(0, end - start) ?? new Uint8Array(end - start);
  let at = 0;
  for await (const piece of body) {
    const mine = piece.subarray(Math.max(0, start - at), Math.max(0, end - at));
    bytes.set(mine, Math.max(0, at - start));
    at += piece.length;
    if (at >= end) break;
  }
  if (at < end) throw objectShort(name);
  return bytes;
}
