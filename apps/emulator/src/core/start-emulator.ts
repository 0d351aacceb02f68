import { generateKeyPair, randomBytes, randomUUID } from "node:crypto";
import { access, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Provider } from "../arm/provider.ts";
import type { FaultBoard } from "../faults/fault-board.ts";
import { type CertificateAuthority, openCertificateAuthority } from "../identity/certificate-authority.ts";
import { createTokenIssuer } from "../identity/token-issuer.ts";
import type { BlobPlane } from "../server/blob-plane.ts";
import { createFaultGate } from "../server/fault-gate.ts";
import { createRecorder, type Recorder } from "../server/recorder.ts";
import { startStampServer } from "../server/stamp-server.ts";
import { ensureOwner } from "./owner-principal.ts";
import { describeStamp, type RunningStamp } from "./running-stamp.ts";
import { createStamp, type Stamp } from "./stamp.ts";
import { type StampConfig, stampConfig, type StampOptions } from "./stamp-config.ts";
import { openStampDatabase } from "./stamp-database.ts";
import { type EmulatorClock, systemClock } from "./system-clock.ts";

/** What a stamp hands to the planes that are plugged into it. */
export interface StampContext {
  readonly stamp: Stamp;
  readonly faults: FaultBoard;
  /** The stamp's own folder; gone at the end where the emulator is ephemeral. */
  readonly folder: string;
  readonly isEphemeral: boolean;
}

/** What a plane adds to a stamp. */
export interface StampParts extends Partial<AsyncDisposable> {
  readonly providers?: readonly Provider[];
  readonly blobPlane?: BlobPlane;
}

export type StampPlane = (context: StampContext) => Promise<StampParts>;

export interface EmulatorOptions {
  /** `east` and `west` when left out. */
  readonly stamps?: readonly StampOptions[];
  /** Where state is kept. Left out: a temporary folder that goes with the emulator. */
  readonly data?: string;
  /** First of the ports: two per stamp. 0 or left out: chosen by the system. */
  readonly port?: number;
  /** JSONL file that every exchange is appended to. */
  readonly record?: string;
  readonly planes?: readonly StampPlane[];
  readonly clock?: EmulatorClock;
}

export interface Emulator extends AsyncDisposable {
  readonly stamps: readonly RunningStamp[];
  /** PEM. */
  readonly caCertificate: string;
  readonly caFile: string;
  stamp(name: string): RunningStamp;
}

async function readOrMake(file: string, make: () => Promise<string>): Promise<string> {
  const isThere = await access(file).then(
    () => true,
    () => false,
  );
  if (isThere) return readFile(file, "utf8");
  const text = await make();
  await writeFile(file, text, { mode: 0o600 });
  return text;
}

async function makeSigningKey(): Promise<string> {
  const { privateKey } = await promisify(generateKeyPair)("rsa", { modulusLength: 2048 });
  return privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}

/** Names that one stamp answers to. */
function certificateNames(domain: string): string[] {
  const hosts = ["management", "adminmanagement", "portal", "adminportal", "adfs", "graph", "login"];
  const wild = ["blob", "queue", "table", "vault"];
  return [
    "localhost",
    ...hosts.map((host) => `${host}.${domain}`),
    ...wild.map((service) => `*.${service}.${domain}`),
    "login.microsoftonline.com",
    "login.windows.net",
  ];
}

interface Shared {
  readonly folder: string;
  readonly isEphemeral: boolean;
  readonly authority: CertificateAuthority;
  readonly signingKey: string;
  readonly recorder: Recorder | undefined;
  readonly clock: EmulatorClock;
  readonly planes: readonly StampPlane[];
}

async function startStamp(
  shared: Shared,
  config: StampConfig,
  ports: { readonly tls: number; readonly plain: number },
  stack: AsyncDisposableStack,
): Promise<RunningStamp> {
  const folder = join(shared.folder, "stamps", config.name);
  await mkdir(folder, { recursive: true });
  const secretFile = join(folder, "client-secret");
  const secret = await readOrMake(secretFile, async () => randomBytes(24).toString("base64url"));
  let port = ports.tls;
  const stamp = stack.use(
    createStamp({
      config,
      database: openStampDatabase(shared.isEphemeral ? ":memory:" : join(folder, "arm.sqlite")),
      clock: shared.clock,
      uuid: () => randomUUID(),
      port: () => port,
    }),
  );
  const clientId = await ensureOwner(stamp, secret);
  let blobPlane: BlobPlane | undefined;
  for (const plane of shared.planes) {
    const parts = await plane({ stamp, faults: stamp.faults, folder, isEphemeral: shared.isEphemeral });
    stack.defer(async () => parts[Symbol.asyncDispose]?.());
    stamp.addProviders(parts.providers ?? []);
    blobPlane = parts.blobPlane ?? blobPlane;
  }
  const { services, core, gateway, faults } = stamp;
  const issuer = createTokenIssuer({ config, signingKey: shared.signingKey, now: services.now });
  const { now, uuid } = services;
  const server = stack.use(
    await startStampServer(
      {
        config,
        keyPair: await shared.authority.issue(`management.${config.domain}`, certificateNames(config.domain)),
        arm: { config, gateway, issuer, uuid },
        identity: { config, principals: core.principals, issuer, now, uuid },
        gate: createFaultGate(faults),
        blobPlane,
        recorder: shared.recorder,
      },
      ports,
    ),
  );
  port = server.port;
  faults.onChange(() => void server.setReachable(faults.peek("lose-stamp") === undefined));
  stamp.resume();
  return describeStamp(stamp, {
    port,
    plainPort: server.plainPort,
    clientId,
    clientSecret: secret,
    clientSecretFile: secretFile,
    caFile: join(shared.folder, "ca.crt"),
  });
}

/** Starts the stamps and answers how to reach them. Dispose it to end everything. */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  await using stack = new AsyncDisposableStack();
  const clock = options.clock ?? systemClock;
  const isEphemeral = options.data === undefined;
  const folder = options.data ?? (await mkdtemp(join(tmpdir(), "ash-emulator-")));
  if (isEphemeral) stack.defer(() => rm(folder, { recursive: true, force: true }));
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const [authority, signingKey] = await Promise.all([
    openCertificateAuthority(folder, clock.now()),
    readOrMake(join(folder, "signing.key"), makeSigningKey),
  ]);
  const recorder = options.record === undefined ? undefined : stack.use(createRecorder(options.record));
  const shared = { folder, isEphemeral, authority, signingKey, recorder, clock, planes: options.planes ?? [] };
  const stamps: RunningStamp[] = [];
  for (const [index, one] of (options.stamps ?? [{ name: "east" }, { name: "west" }]).entries()) {
    const base = options.port ?? 0;
    const ports = base === 0 ? { tls: 0, plain: 0 } : { tls: base + 2 * index, plain: base + 2 * index + 1 };
    stamps.push(await startStamp(shared, stampConfig(one), ports, stack));
  }
  const owned = stack.move();
  return {
    stamps,
    caCertificate: authority.certificate,
    caFile: join(folder, "ca.crt"),
    stamp: (name) => {
      const found = stamps.find((one) => one.name === name);
      if (found === undefined) throw new Error(`the emulator has no stamp ${name}`);
      return found;
    },
    [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose](),
  };
}
