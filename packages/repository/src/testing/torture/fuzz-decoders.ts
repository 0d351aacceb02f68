import { decodeVhdFooter, encodeVhdFooter } from "@holdfast/domain";
import { HoldfastError, Secret } from "@holdfast/kernel";
import { SeededRandom } from "@holdfast/kernel/testing";
import { parseAzureLocation } from "../../blob-store/azure-location.ts";
import { parseS3Location } from "../../blob-store/s3-location.ts";
import { decodeConfig } from "../../config.ts";
import { parseRecoveryCode } from "../../crypto/recovery-code.ts";
import { openObject } from "../../crypto/sealed-object.ts";
import { decodeEntries, encodeEntries } from "../../format/chunk-entry.ts";
import type { ChunkEntry } from "../../format/chunk-entry.ts";
import { decodeIndex, encodeIndex } from "../../format/index-object.ts";
import { decodeTrailer, openDirectory } from "../../format/pack.ts";
import { formatShare, parseShare } from "../../keys/key-share.ts";
import { decodeKeySlot, encodeKeySlot } from "../../keys/key-slot.ts";
import { decodeNode, emptyChildren, encodeNode } from "../../tree/node.ts";
import { below, createTally, seedOf } from "./harm-result.ts";
import type { HarmOptions, HarmResult } from "./harm-result.ts";

const key = Buffer.alloc(32, 3);
const entry: ChunkEntry = {
  id: "ab".repeat(32),
  offset: 24,
  storedBytes: 100,
  plainBytes: 200,
  isCompressed: true,
  kind: "data",
  ordinal: 0,
};
const children = emptyChildren().map((_, i) => (i % 9 === 0 ? "cd".repeat(32) : null));
const config = {
  format: "holdfast-repository",
  version: 1,
  id: "5f0c9a36-6a1c-4e6b-9d7a-6f6f1f0e2c11",
};
const slotHeader = {
  format: "holdfast-key-slot",
  version: 1,
  repository: config.id,
  kind: "passphrase",
  label: "",
  createdAtMs: 0,
  salt: Buffer.alloc(16).toString("base64"),
  kdf: { name: "argon2id", memoryKib: 65_536, passes: 3, lanes: 4 },
} as const;

interface Decoder {
  readonly decode: (bytes: Buffer) => unknown;
  readonly sample: Buffer;
  /** A location is what a person types, so that a wrong one is a refusal and no damage. */
  readonly mayRefuse?: boolean;
}

/** Decoders of what a seal guards raise RangeError, which their callers name; those at the edge raise named errors. */
export const decoders: Readonly<Record<string, Decoder>> = {
  node: { decode: (bytes) => decodeNode(0, bytes), sample: encodeNode(0, children) },
  "inner node": { decode: (bytes) => decodeNode(2, bytes), sample: encodeNode(2, children) },
  entries: { decode: decodeEntries, sample: encodeEntries([entry, entry]) },
  index: {
    decode: decodeIndex,
    sample: encodeIndex([{ packId: "ef".repeat(16), entries: [entry] }], ["00".repeat(16)]),
  },
  "pack trailer": {
    decode: (bytes) => decodeTrailer(bytes, 5000),
    sample: Buffer.from("00000010484650454e443031", "hex"),
  },
  "pack directory": {
    decode: refuseDirectory,
    sample: Buffer.alloc(90, 5),
  },
  "sealed object": {
    decode: (bytes) => openObject(key, "points/p", bytes, "repository.manifest.damaged"),
    sample: Buffer.from(`HFOBJ001${"x".repeat(60)}`),
  },
  config: { decode: decodeConfig, sample: Buffer.from(JSON.stringify(config)) },
  "key slot": {
    decode: (bytes) => decodeKeySlot("ab".repeat(16), bytes),
    sample: Buffer.from(encodeKeySlot("ab".repeat(16), slotHeader, { key, master: key })),
  },
  "key share": {
    decode: (bytes) => parseShare(new Secret(bytes.toString("latin1")), 1),
    sample: Buffer.from(formatShare({ setId: "ab".repeat(8), threshold: 2, number: 1, value: Buffer.alloc(32) })),
  },
  "recovery code": {
    decode: (bytes) => parseRecoveryCode(new Secret(bytes.toString("latin1"))),
    sample: Buffer.from(Array(14).fill("0123").join("-")),
  },
  "VHD footer": {
    decode: decodeVhdFooter,
    sample: Buffer.from(encodeVhdFooter({ sizeBytes: 2 ** 30, uniqueId: Buffer.alloc(16, 1), createdAtMs: 1e12 })),
  },
  "location of a container": {
    decode: (bytes) => parseAzureLocation(bytes.toString("latin1")),
    sample: Buffer.from("https://account.blob.east.example.com/container/prefix"),
    mayRefuse: true,
  },
  "location of a bucket": {
    decode: (bytes) => parseS3Location(bytes.toString("latin1")),
    sample: Buffer.from("s3://s3.example.com/bucket/prefix"),
    mayRefuse: true,
  },
};

/** A directory that nobody sealed must never open; who reads it names what the cipher raises. */
function refuseDirectory(bytes: Buffer): void {
  let entries;
  try {
    entries = openDirectory(key, "ef".repeat(16), bytes);
  } catch (error) {
    throw new RangeError("refused", { cause: error });
  }
  throw new Error(`a directory of ${entries.length} entries opened that nobody sealed`);
}

/** Decodes, and raises where the decoder raised anything but what it may. */
export function decodeAnything({ decode, mayRefuse }: Decoder, bytes: Buffer): void {
  try {
    decode(bytes);
  } catch (error) {
    if (error instanceof RangeError) return;
    if (error instanceof HoldfastError && (error.kind === "failure" || mayRefuse === true)) return;
    throw error;
  }
}

/** Changes some bytes of a sample, cuts it, or goes on behind its end. */
export function mutate(random: SeededRandom, sample: Buffer): Buffer {
  const bytes = Buffer.from(sample);
  for (let i = below(random, 7); i > 0; i -= 1) bytes[below(random, bytes.length)] = below(random, 256);
  const cut = random.fraction() < 0.5 ? bytes.length : below(random, bytes.length + 1);
  const tail = random.fraction() < 0.5 ? new Uint8Array() : random.bytes(below(random, 50));
  return Buffer.concat([bytes.subarray(0, cut), tail]);
}

/** Gives every decoder random bytes and changed samples, by turns. */
export async function fuzzDecoders({ seed, count }: HarmOptions): Promise<HarmResult> {
  const tally = createTally("fuzzing of decoders", seed);
  const names = Object.keys(decoders);
  for (let i = 0; i < count; i += 1) {
    const random = new SeededRandom(seedOf(seed, i));
    const name = names[i % names.length]!;
    const { sample } = decoders[name]!;
    const bytes = random.fraction() < 0.3 ? Buffer.from(random.bytes(below(random, 400))) : mutate(random, sample);
    tally.count(name);
    await tally.expect(`${name} of ${bytes.toString("hex")} (input ${i})`, async () =>
      decodeAnything(decoders[name]!, bytes),
    );
  }
  return tally.result();
}
